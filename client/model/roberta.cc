#include "client/model/family.h"

namespace tributary::model {

// RobertaForSequenceClassification (Liu et al., 2019): the classifier has a dense layer of its own.
const Family kRoberta = {.model_type = "roberta",
                         .prefix = "roberta.",
                         .architecture = "RobertaForSequenceClassification",
                         .positions_after_padding = true,
                         .head_input = "classifier.dense",
                         .head_input_trained = true,
                         .head_output = "classifier.out_proj"};

}  // namespace tributary::model
