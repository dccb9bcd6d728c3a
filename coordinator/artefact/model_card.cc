#include "coordinator/artefact/model_card.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/strategy/method.h"

namespace tributary::artefact {

std::string ModelCard(const config::Config& config, const Provenance& provenance) {
  const strategy::Method* method = strategy::FindMethod(config.adapter.method);
  std::string labels;
  for (const std::string& label : config.model.labels)
    labels += fmt::format("{}{}", labels.empty() ? "" : ", ", DumpJson(nlohmann::json(label)));
  std::string card = fmt::format(
      "---\nbase_model: {}\nlibrary_name: peft\npipeline_tag: text-classification\ntags:\n- "
      "federated-learning\n- lora\n- tributary\n---\n\n"
      "# Text classification adapter, trained by {}\n\n"
      "A low-rank adapter for `{}`, fine-tuned by a federation in which no client shared its text. "
      "Method: {} ({}), rank {}, round {}.\n\n",
      config.model.name,
      provenance.clients ? fmt::format("{} clients", *provenance.clients) : "a federation",
      config.model.name, method ? method->title : config.adapter.method,
      method ? method->reference : "", config.adapter.rank, provenance.round);
  if (provenance.accuracy)
    card += fmt::format("Accuracy on the run's evaluation rows: {:.4f}.\n\n", *provenance.accuracy);
  card += fmt::format(
      "Privacy: {}\n\n## Use\n\n```python\n"
      "from peft import PeftModel\n"
      "from transformers import AutoModelForSequenceClassification, AutoTokenizer\n\n"
      "labels = [{}]\n"
      "base, adapter = \"{}\", \".\"\n"
      "model = AutoModelForSequenceClassification.from_pretrained(\n"
      "    base, num_labels=len(labels), id2label=dict(enumerate(labels)))\n"
      "model = PeftModel.from_pretrained(model, adapter).eval()\n"
      "tokenizer = AutoTokenizer.from_pretrained(adapter)\n"
      "inputs = tokenizer(\"some text\", truncation=True, max_length={}, return_tensors=\"pt\")\n"
      "print(model.config.id2label[model(**inputs).logits.argmax().item()])\n```\n\n"
      "Base model digest: `{}`. Plan digest: `{}`.\n",
      provenance.privacy, labels, config.model.name, config.training.max_length,
      config.model.digest, provenance.plan_digest);
  return card;
}

}  // namespace tributary::artefact
