"""Words of the panel that trains candidates for real."""

from __future__ import annotations

TITLE = "Train selected"
INTRO = "Candidates are trained on the images of {dataset}, and what they reach is set beside what was predicted."
MISSING = (
    "To train candidates for real takes the images of {dataset}, which are not on this machine. Put them into a folder "
    "that {folders} names, as a folder `{name}` with a folder of images for each class, or as `{name}.npz`."
)
MISSING_FETCH = (
    "To train candidates for real takes the images of {dataset}, which are not on this machine. `{command}` fetches "
    "them, or {folders} names the folder that they are in."
)
FEATURES_ONLY = "Of this dataset only features are here. To train candidates for real takes its images."
IMAGES_GONE = "The images of this run are not here any more. Choose and encode them above to train its candidates."
CANDIDATES = "Candidates"
CANDIDATES_HELP = "Those of the table, by rank and predicted accuracy. At most {most} at a time."
CANDIDATES_NONE = "Choose candidates to train"
OPTION = "{name} · {predicted:.2f} %"
RECIPE = "Recipe"
EPOCHS = "Epochs"
SEEDS = "Seeds"
SEEDS_HELP = "Trainings of each candidate. From two on there is a 95 % interval."
DEVICE = "Device"
START = "Train"
PLAN = "Trainings: {trainings}, of {epochs} epochs each. {about}"
START_NONE = "First choose candidates"

QUEUED = "Waiting for another training on this server: {ahead} ahead"
STARTING = "Reading the images …"
RUNNING = "Epoch {step} of {total} · {elapsed} so far"
RUNNING_ETA = "Epoch {step} of {total} · {elapsed} so far · about {remaining} to go"
STOPPING = "Stopping …"
CANCEL = "Cancel training"
CANCELLED = "Stopped after {step} of {total} epochs. What was trained is kept while this page is open."
RESUME = "Go on"
FAILED = "The training ended with an error: {error}"
FAILED_TRIAL = "{name} could not be trained: {error}"
GONE = "The training of this link is not in memory any more."

SUBTITLE = "**{candidates}** on {dataset} · {recipe} recipe, epochs: {epochs}, seeds: {seeds}"
EPOCH_AXIS = "epoch"
ACCURACY = "test accuracy"
LOSS = "training loss"
ACCURACY_ALT = "Test accuracy after each epoch, a line for each training."
LOSS_ALT = "Mean training loss of each epoch, a line for each training."
HOVER = "{name}, seed {seed}<br>epoch %{{x}}: {label} %{{y:.4g}} {unit}<extra></extra>"
COLUMNS = {
    "candidate": "Candidate",
    "predicted": "Predicted, %",
    "trained": "Trained, %",
    "interval": "± 95 %",
    "done": "Trainings",
    "seeds": "Each seed, %",
    "architecture": "Architecture",
}
COLUMNS_HELP = {
    "predicted": "What the predictor says the whole network reaches after a full training.",
    "trained": "Accuracy on the test images after the last epoch, the mean over seeds.",
    "interval": "Half the width of the 95 % interval of the mean over seeds (Student's t); none for a single seed.",
    "done": "Trainings done, of those chosen.",
}
DONE = "{done} of {all}"
TABLE_ALT = "Predicted beside trained accuracy of each candidate, the best trained first."
SPEARMAN = "Rank correlation of predicted with trained accuracy (Spearman): **{rho:.2f}** over {n} candidates."
SPEARMAN_FEW = "A rank correlation takes three candidates with different accuracies."
CSV_HELP = "Predicted and trained accuracies as a table"
JSON_HELP = "Recipe, table and curves"
