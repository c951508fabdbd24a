"""The clean predictor that ranks: an architecture as information flowing through its graph.

A vector starts at the nodes without predecessors and is transformed by the operation of every node it passes, in
topological order, as data are in the network the architecture describes (the idea of GATES, Ning et al., 2020):

    h_i = T_op(i)(sum of h_j over predecessors j)

``T_op`` is learned for every operation type and shared by all nodes. Identities and zeros that the space declares are taken
literally, so that isomorphic architectures look alike to the network.
"""
