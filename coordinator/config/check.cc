#include <algorithm>

#include "aggregation/strategy/method.h"
#include "coordinator/config/read.h"
#include "privacy/mechanism.h"

namespace tributary::config {
namespace {

using strategy::Method;

class Checker {
 public:
  explicit Checker(const Config& config)
      : c_(config), method_(strategy::FindMethod(config.adapter.method)) {}

  std::vector<Fault> Run() {
    CheckMethod();
    CheckFederation();
    CheckEvaluation();
    CheckPrivacy();
    CheckEnvironment();
    return std::move(faults_);
  }

 private:
  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back({"", fmt::format(format, std::forward<Args>(args)...)});
  }

  void CheckMethod() {
    if (!method_) return;
    const AdapterPart& a = c_.adapter;
    if (!a.start.empty() &&
        std::find(method_->starts.begin(), method_->starts.end(), a.start) == method_->starts.end())
      Add("adapter.start is \"{}\"; {} offers {}", a.start, a.method,
          fmt::join(method_->starts, ", "));
    const bool mixed = std::any_of(a.ranks.begin(), a.ranks.end(),
                                   [&](const auto& r) { return r.second != a.rank; });
    if (mixed && method_->ranks == strategy::Ranks::kEqual)
      Add("adapter.ranks: {} needs equal ranks; mixed ranks work with {}", a.method,
          strategy::MethodsWhere(
              [](const Method& m) { return m.ranks != strategy::Ranks::kEqual; }));
    for (const auto& [group, rank] : a.ranks)
      if (rank > a.rank)
        Add("adapter.ranks.{} is {}, more than adapter.rank {}", group, rank, a.rank);
    if (c_.federation.server_optimizer != "none" && !method_->is_mean())
      Add("federation.server_optimizer is \"{}\", but {} does not average updates; it works with "
          "{}",
          c_.federation.server_optimizer, a.method,
          strategy::MethodsWhere([](const Method& m) { return m.is_mean(); }));
    if (c_.training.freeze_head && method_->local_head)
      Add("training.freeze_head: {} keeps a trained head at each client", a.method);
  }

  void CheckFederation() {
    const FederationPart& f = c_.federation;
    if (f.cohort.clients && *f.cohort.clients < f.minimum)
      Add("federation.minimum is {}, more than the cohort of {}", f.minimum, *f.cohort.clients);
    if (f.sampling == "poisson" && !f.cohort.clients)
      Add("federation.sampling = \"poisson\" needs federation.cohort as a number, the expected "
          "cohort");
    if (f.sampling == "poisson" && f.over_selection != 1)
      Add("federation.over_selection is {:g}; Poisson sampling takes whoever is drawn, so it must "
          "be 1",
          f.over_selection);
    if (c_.training.label_calibration == "relative" && f.head_start != "ridge")
      Add("training.label_calibration = \"relative\" needs the class counts of "
          "federation.head_start = \"ridge\"; \"own\" works without");
    for (const auto& [group, rank] : c_.adapter.ranks)
      if (std::none_of(c_.clients.begin(), c_.clients.end(),
                       [&group = group](const ClientGroup& g) { return g.group == group; }) &&
          !c_.clients.empty())
        Add("adapter.ranks.{}: there is no [[clients]] group of that name", group);
    for (size_t i = 0; i < c_.clients.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (c_.clients[i].group == c_.clients[j].group)
          Add("clients: two groups are called \"{}\"", c_.clients[i].group);
  }

  void CheckEvaluation() {
    const EvaluationPart& e = c_.evaluation;
    const bool on_clients = e.on != "test";
    if (!on_clients && e.keep == "best")
      Add("evaluation.keep = \"best\" decides by rows held out at clients: set evaluation.on to "
          "\"clients\" or \"both\"");
    if (!on_clients && e.stop > 0)
      Add("evaluation.stop decides by rows held out at clients: set evaluation.on to \"clients\" "
          "or \"both\"");
    if (on_clients && e.holdout == 0)
      Add("evaluation.on = \"{}\" needs evaluation.holdout above 0", e.on);
    if (method_ && method_->is_personal() && !on_clients)
      return;  // accuracy then is over each client's rows under its own parts; the engine does that
               // by itself
  }

  void CheckPrivacy() {
    const PrivacyPart& p = c_.privacy;
    if (p.mode == "none") {
      if (p.noise_multiplier > 0 || p.target_epsilon > 0 || p.clip_norm > 0)
        Add("privacy: clip_norm, noise_multiplier and target_epsilon need privacy.mode = "
            "\"central\"");
      return;
    }
    if (p.clip_norm <= 0) Add("privacy.clip_norm must be above 0 with mode \"central\"");
    if (p.delta <= 0 || p.delta >= 1)
      Add("privacy.delta is {:g}, expected more than 0 and less than 1 / clients", p.delta);
    if ((p.noise_multiplier > 0) == (p.target_epsilon > 0))
      Add("privacy needs noise_multiplier or target_epsilon, and not both");
    const auto mechanism = privacy::FindMechanism(p.mode);
    if (!mechanism || !method_) return;
    privacy::Combination combination;
    combination.method = c_.adapter.method;
    const std::string alternatives =
        strategy::MethodsWhere([](const Method& m) { return m.additive(); });
    combination.alternatives = alternatives;
    combination.aggregate_is_mean = method_->is_mean();
    combination.one_trained_factor = method_->additive();
    combination.uniform_weighting = c_.federation.weighting == "uniform";
    combination.over_selection = c_.federation.over_selection > 1;
    combination.data_dependent_start =
        c_.federation.head_start == "ridge" || c_.adapter.start == "client-gradient";
    combination.relative_label_calibration = c_.training.label_calibration == "relative";
    combination.client_evaluation = c_.evaluation.on != "test";
    for (const std::string& refusal : privacy::Refusals(**mechanism, combination))
      Add("privacy: {}", refusal);
  }

  void CheckEnvironment() {
    const DataPart& d = c_.data;
    if (d.text.empty() || d.text.size() > 2)
      Add("data.text names {} columns, expected one, or two for sentence pairs", d.text.size());
    if (d.partition == "by-client" && d.client.empty())
      Add("data.partition = \"by-client\" needs data.client");
    if (d.partition != "by-client" && d.clients < 1)
      Add("data.partition = \"{}\" needs data.clients", d.partition);
    if (d.partition == "dirichlet" && d.alpha <= 0)
      Add("data.partition = \"dirichlet\" needs data.alpha above 0");
    if (c_.model.name.empty())
      Add("model.name is missing: the Hub id of the base model, such as "
          "\"google-bert/bert-base-uncased\"");
    for (size_t i = 0; i < c_.model.labels.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (c_.model.labels[i] == c_.model.labels[j])
          Add("model.labels holds \"{}\" twice", c_.model.labels[i]);
    if (c_.model.labels.size() == 1) Add("model.labels has one label; a classifier needs two");
  }

  const Config& c_;
  const Method* method_;
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<Fault> CrossCheck(const Config& config) { return Checker(config).Run(); }

}  // namespace tributary::config
