#include "client/model/family.h"

namespace tributary::model {

// BertForSequenceClassification (Devlin et al., 2019): the pooler belongs to the pretrained
// encoder.
const Family kBert = {.model_type = "bert",
                      .prefix = "bert.",
                      .architecture = "BertForSequenceClassification",
                      .positions_after_padding = false,
                      .head_input = "bert.pooler.dense",
                      .head_input_trained = false,
                      .head_output = "classifier"};

}  // namespace tributary::model
