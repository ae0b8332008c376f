// The commands, a row each, in the order of help. The program has three parts: the program file
// itself, which reads files and answers; liblatent_train.so, which has LibTorch and every command;
// and liblatent_server.so, which has the HTTP library. READS(name, purpose, function): in the first
// two; TRAINS(...): in the second alone; SERVES(...): in the third, and in the second for help.
//
// An X macro, since the first part must not even refer to functions of the others.
#pragma once

#define LATENT_COMMANDS(READS, TRAINS, SERVES) \
  TRAINS("train", "train the model of a config file, or resume a run", run_train) \
  TRAINS("crossval", "train and evaluate on each fold of a data set", run_crossval) \
  READS("split", "write the training, validation and test part as files", run_split) \
  TRAINS("sweep", "try values of knobs, test the best", run_sweep_command) \
  TRAINS("evaluate", "metrics of a run or an exported model", run_evaluate) \
  READS("predict", "the score of a user and an item", run_predict) \
  READS("recommend", "the best items for a user", run_recommend) \
  READS("similar", "the items most like an item, or users like a user", run_similar) \
  READS("rank", "given items in the order of a user's scores", run_rank) \
  READS("explain", "which of a user's items make a score", run_explain) \
  READS("find", "items whose title or id holds a text", run_find) \
  SERVES("serve", "answer over HTTP", run_serve) \
  TRAINS("inspect", "what is in a model file, all of it checked", run_inspect) \
  TRAINS("export", "write the TorchScript model of a run", run_export) \
  READS("runs", "a table of the runs of a folder", run_runs) \
  READS("compare", "runs side by side, gain told from luck", run_compare) \
  TRAINS("report", "runs and sweeps as one HTML file", run_report) \
  READS("config", "show, check, compare or document configs", run_config) \
  READS("data", "look into a data file", run_data) \
  READS("synth", "write a made-up ratings file", run_synth) \
  TRAINS("completion", "what a shell needs to complete command lines", run_completion)
