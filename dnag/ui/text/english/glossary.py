"""The glossary: terms and sources of the method, in English."""

from __future__ import annotations

SYMBOLS = "Symbols and terms"
ALL = "The whole glossary"
FILTER = "Find a term"
NONE = "No term contains {word!r}."
SOURCES_TITLE = "Sources"

#: Key -> term, symbol in LaTeX, meaning in a sentence, key of its source.
TERMS = {
    "architecture": (
        "Architecture",
        "a",
        "a network as a graph of operations; in NAS-Bench-201 a cell of six edges with one of five operations each.",
        "dong2020",
    ),
    "space": (
        "Search space",
        "",
        "all architectures that can be made from given operations on a given graph: 15,625 in NAS-Bench-201.",
        "dong2020",
    ),
    "x0": (
        "Clean matrix",
        r"x_0",
        "an architecture as numbers: a row for each node, a column for each operation, +1 where the operation is and "
        "−1 elsewhere.",
        "paper",
    ),
    "nodes": ("Nodes and operations", r"N,\ F", "the numbers of rows and columns of the matrix.", ""),
    "macs": (
        "MACs",
        "",
        "multiply-accumulate operations that the network needs for one image, in millions; a measure of cost.",
        "dong2020",
    ),
    "xt": ("Noisy matrix", r"x_t", "the clean matrix after noise was added up to time t.", "song2021"),
    "time": ("Time", "t", "how far the noise process has run, from 0 (clean) to 1 (noise).", "song2021"),
    "alpha": ("Signal scale", r"\alpha", "what the clean matrix is multiplied by before noise is added.", "song2021"),
    "sigma": ("Noise scale", r"\sigma", "the standard deviation of the noise that is added.", "song2021"),
    "z": ("Noise", "z", "independent standard normal numbers, one for each entry of the matrix.", ""),
    "level": (
        "Noise level",
        r"n = \sigma/\alpha",
        "the noise on one unit of signal, which alone decides how much can still be read.",
        "karras2022",
    ),
    "sde": (
        "Noise process (SDE)",
        r"dx = f x\,dt + g\,dw",
        "a stochastic differential equation whose drift f and diffusion g turn data into noise.",
        "song2021",
    ),
    "ve": ("Variance exploding (VE)", "", "the noise process that leaves the data alone and lets σ grow.", "song2021"),
    "vp": ("Variance preserving (VP)", "", "the noise process that shrinks the data so that α² + σ² = 1.", "song2021"),
    "score": (
        "Score",
        r"s(x, t)",
        "the gradient of the log density of noisy matrices: the direction in which x becomes more likely.",
        "vincent2011",
    ),
    "denoiser": (
        "Denoiser",
        r"D(x, n)",
        "the mean of all clean matrices that could be behind a noisy one; the score follows from it.",
        "vincent2011",
    ),
    "posterior": (
        "Posterior",
        r"p(c \mid x_t)",
        "how likely each operation is, given the noisy matrix; here a formula, since all operations are equally likely "
        "beforehand.",
        "",
    ),
    "distance": (
        "Total variation",
        r"\mathrm{TV}",
        "half the sum of absolute differences of two distributions: 0 if they are the same, 1 if they share nothing.",
        "",
    ),
    "sampler": (
        "Sampler",
        "",
        "a numerical method that runs the noise process backwards, from noise to an architecture.",
        "song2021",
    ),
    "evaluations": (
        "Evaluations",
        "",
        "how often the score network is asked for one sample; nearly all of the cost of sampling.",
        "karras2022",
    ),
    "euler": (
        "Euler–Maruyama",
        "",
        "the simplest sampler: one evaluation and fresh noise in each step.",
        "song2021",
    ),
    "langevin": (
        "Predictor–corrector",
        "",
        "a sampler that adds to each step a Langevin step, which moves a sample along the score at constant noise.",
        "song2021",
    ),
    "heun": (
        "Heun",
        "",
        "a sampler of second order without fresh noise: it averages the slopes at both ends of a step.",
        "karras2022",
    ),
    "flow": (
        "Probability-flow ODE",
        "",
        "an equation without noise whose solutions have the same distribution at every time as the noise process.",
        "song2021",
    ),
    "validity": (
        "Valid",
        "",
        "share of samples that are an architecture as drawn: read with a threshold, every node has one operation.",
        "paper",
    ),
    "guidance": (
        "Guidance",
        "",
        "adding the gradient of a predicted property to the score, so that samples with more of it become likely.",
        "dhariwal2021",
    ),
    "gamma": (
        "Guidance scale",
        r"\gamma",
        r"the strength of guidance in nats per point of accuracy: one point more makes an architecture $e^\gamma$ "
        "times as likely.",
        "",
    ),
    "tilted": (
        "Tilted distribution",
        r"p_\gamma(a)",
        r"what guidance is to draw from: the training distribution times $e^{\gamma\,\mathrm{acc}}$, normalised.",
        "dhariwal2021",
    ),
    "certainty": (
        "Certainty equivalent",
        r"m_\gamma(x_t)",
        r"$\frac{1}{\gamma} \log \mathbb{E}[e^{\gamma\,\mathrm{acc}} \mid x_t]$: the predicted mean at γ = 0, the best "
        "reachable accuracy as γ grows.",
        "",
    ),
    "first_order": (
        "First-order guidance",
        "",
        "the paper's form, which climbs the predicted mean $m_0$; right for small γ.",
        "paper",
    ),
    "calibrated": (
        "Calibrated guidance",
        "",
        r"guidance that climbs $m_\gamma$, the certainty equivalent at the very scale it is used at.",
        "",
    ),
    "noise_aware": (
        "Noise-aware predictor",
        "",
        "a predictor that is trained on noisy matrices and told the noise level; guidance takes its gradient.",
        "dhariwal2021",
    ),
    "ranking": (
        "Ranking predictors",
        "",
        "several predictors trained on clean architectures only; their mean ranks the candidates.",
        "paper",
    ),
    "calibration": (
        "Calibration error",
        "",
        "how far predictions are from the true mean of those predicted alike, in points of accuracy.",
        "",
    ),
    "spearman": (
        "Rank correlation",
        r"\rho",
        "Spearman's correlation of two orders: 1 if they are the same, 0 if they have nothing in common.",
        "",
    ),
}

#: Key -> how it is cited, full reference, address.
SOURCES = {
    "paper": (
        "An et al., 2024",
        "S. An, H. Lee, J. Jo, S. Lee and S. J. Hwang: DiffusionNAG: Predictor-guided Neural Architecture Generation "
        "with Diffusion Models. ICLR 2024.",
        "https://arxiv.org/abs/2305.16943",
    ),
    "song2021": (
        "Song et al., 2021",
        "Y. Song, J. Sohl-Dickstein, D. P. Kingma, A. Kumar, S. Ermon and B. Poole: Score-Based Generative Modeling "
        "through Stochastic Differential Equations. ICLR 2021.",
        "https://arxiv.org/abs/2011.13456",
    ),
    "karras2022": (
        "Karras et al., 2022",
        "T. Karras, M. Aittala, T. Aila and S. Laine: Elucidating the Design Space of Diffusion-Based Generative "
        "Models. NeurIPS 2022.",
        "https://arxiv.org/abs/2206.00364",
    ),
    "dong2020": (
        "Dong and Yang, 2020",
        "X. Dong and Y. Yang: NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search. ICLR "
        "2020.",
        "https://arxiv.org/abs/2001.00326",
    ),
    "dhariwal2021": (
        "Dhariwal and Nichol, 2021",
        "P. Dhariwal and A. Nichol: Diffusion Models Beat GANs on Image Synthesis. NeurIPS 2021.",
        "https://arxiv.org/abs/2105.05233",
    ),
    "vincent2011": (
        "Vincent, 2011",
        "P. Vincent: A Connection Between Score Matching and Denoising Autoencoders. Neural Computation 23(7), 2011.",
        "https://doi.org/10.1162/NECO_a_00142",
    ),
}
