// client::Model and client::Trainer over libtorch. The only place where its exceptions are caught.

#include <dlfcn.h>

#include <algorithm>

#include "client/train/live.h"
#include "client/train/shard_pool.h"
#include "client/train/train_loop.h"
#include "client/trainer_module.h"

namespace tributary::train {
namespace {

constexpr size_t kPackTokens = 512;  // tokens of one forward pass without gradients

// Runs f; what libtorch throws becomes an error.
template <typename F>
auto Guarded(F&& f) -> decltype(f()) {
  try {
    UseOneTorchThread();
    return f();
  } catch (const c10::Error& e) {
    return MakeError(Code::kInternal, "libtorch: {}", e.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return MakeError(Code::kResourceExhausted, "out of memory");
  } catch (const std::exception& e) {
    return MakeError(Code::kInternal, "libtorch: {}", e.what());
  }
}

class TorchModel : public client::Model {
 public:
  explicit TorchModel(Encoder encoder) : encoder_(std::move(encoder)) {}

  std::string device() const override { return encoder_.device().str(); }

  Result<client::TrainResult> Train(const client::TrainTask& task,
                                    std::stop_token stop) const override {
    return Guarded([&] { return RunTraining(encoder_, task, stop); });
  }

  Result<client::EvaluateResult> Evaluate(const adapter::Instance& instance,
                                          std::span<const client::Example> examples,
                                          std::stop_token stop) const override {
    return Guarded([&]() -> Result<client::EvaluateResult> {
      client::EvaluateResult result;
      ASSIGN_OR_RETURN(const LiveState state, LiveState::Make(instance, encoder_));
      const int64_t labels = state.labels();
      result.confusion.resize(static_cast<size_t>(labels * labels));
      RETURN_IF_ERROR(ForEachPack(examples, stop, [&](const Packed& packed, size_t) {
        const at::Tensor logits = encoder_.Logits(packed, state.Bind(false, nullptr));
        const at::Tensor losses =
            at::cross_entropy_loss(logits.to(at::kDouble), packed.labels, {}, at::Reduction::None)
                .cpu();
        const at::Tensor predicted = logits.argmax(1).cpu(), truth = packed.labels.cpu();
        for (int64_t i = 0; i < packed.sequences(); ++i) {
          const int64_t t = truth.const_data_ptr<int64_t>()[i],
                        p = predicted.const_data_ptr<int64_t>()[i];
          ++result.confusion[static_cast<size_t>(t * labels + p)];
          result.correct += t == p;
          result.loss_sum += losses.const_data_ptr<double>()[i];
        }
        result.rows += packed.sequences();
      }));
      return result;
    });
  }

  Result<Tensor> Logits(const adapter::Instance& instance,
                        std::span<const client::Example> examples,
                        std::stop_token stop) const override {
    return Guarded([&]() -> Result<Tensor> {
      ASSIGN_OR_RETURN(const LiveState state, LiveState::Make(instance, encoder_));
      std::vector<at::Tensor> logits;
      RETURN_IF_ERROR(ForEachPack(examples, stop, [&](const Packed& packed, size_t) {
        logits.push_back(encoder_.Logits(packed, state.Bind(false, nullptr)));
      }));
      return logits.empty() ? Tensor(DType::kF32, {0, state.labels()}) : FromTorch(at::cat(logits));
    });
  }

  Result<client::FeatureMoments> Moments(std::span<const client::Example> examples, int64_t labels,
                                         std::stop_token stop) const override {
    return Guarded([&]() -> Result<client::FeatureMoments> {
      const int64_t d = encoder_.config().hidden + 1;
      at::Tensor gram = at::zeros({d, d}, at::kDouble),
                 target = at::zeros({d, labels}, at::kDouble);
      client::FeatureMoments moments;
      RETURN_IF_ERROR(ForEachPack(examples, stop, [&](const Packed& packed, size_t) {
        const at::Tensor features = encoder_.Features(packed, {}).to(at::kCPU, at::kDouble);
        const at::Tensor x = at::cat({features, at::ones({features.size(0), 1}, at::kDouble)}, 1);
        const at::Tensor y = at::one_hot(packed.labels.cpu(), labels).to(at::kDouble);
        gram.addmm_(x.t(), x);
        target.addmm_(x.t(), y);
        moments.rows += packed.sequences();
      }));
      moments.gram = FromTorch(gram);
      moments.target = FromTorch(target);
      return moments;
    });
  }

  Result<TensorMap> GradientSum(const adapter::Instance& instance,
                                std::span<const client::Example> examples,
                                std::stop_token stop) const override {
    return Guarded([&]() -> Result<TensorMap> {
      ASSIGN_OR_RETURN(const LiveState state, LiveState::Make(instance, encoder_));
      std::map<std::string, at::Tensor> weights;
      const LiveInstance live = state.BindDense(&weights);
      std::vector<at::Tensor> leaves, sums;
      for (const auto& [module, weight] : weights) {
        leaves.push_back(weight);
        sums.push_back(at::zeros_like(weight));
      }
      RETURN_IF_ERROR(ForEachPack(examples, stop, [&](const Packed& packed, size_t) {
        at::AutoGradMode with_gradients(true);
        const at::Tensor loss = at::cross_entropy_loss(encoder_.Logits(packed, live), packed.labels,
                                                       {}, at::Reduction::Sum);
        const auto gradients = torch::autograd::grad({loss}, leaves);
        for (size_t i = 0; i < sums.size(); ++i) sums[i].add_(gradients[i]);
      }));
      TensorMap result;
      size_t i = 0;
      for (const auto& [module, weight] : weights) result[module] = FromTorch(sums[i++]);
      return result;
    });
  }

 private:
  // Calls visit(packed rows, index of the first) over all examples, in order, without gradients.
  template <typename Visit>
  Status ForEachPack(std::span<const client::Example> examples, std::stop_token stop,
                     const Visit& visit) const {
    at::NoGradGuard no_grad;
    std::vector<size_t> chosen;
    size_t tokens = 0;
    for (size_t i = 0; i < examples.size(); ++i) {
      chosen.push_back(i);
      tokens += examples[i].ids.size();
      if (tokens < kPackTokens && i + 1 < examples.size()) continue;
      if (stop.stop_requested())
        return MakeError(Code::kCancelled, "stopped at row {} of {}", i, examples.size());
      visit(encoder_.Pack(examples, chosen), chosen.front());
      chosen.clear();
      tokens = 0;
    }
    return {};
  }

  Encoder encoder_;
};

Result<at::Device> ChooseDevice(const std::string& wanted) {
  if (wanted == "cpu") return at::Device(at::kCPU);
  const bool automatic = wanted == "auto";
  if (!automatic && wanted != "cuda" && !wanted.starts_with("cuda:"))
    return InvalidArgument("device \"{}\" is not known; expected auto, cpu, cuda or cuda:N",
                           wanted);
  // Loading the library registers the CUDA backend; it lies beside libtorch_cpu.so.
  void* cuda = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  const std::string reason = cuda ? "" : dlerror();
  if (cuda && at::hasCUDA() && at::getNumGPUs() > 0)
    return at::Device(automatic ? "cuda:0" : wanted == "cuda" ? "cuda:0" : wanted);
  if (automatic) return at::Device(at::kCPU);
  return MakeError(Code::kUnavailable,
                   "device {} is not usable: {} (deploy/setup --cuda installs what a GPU needs)",
                   wanted, cuda ? "no GPU was found" : reason);
}

class TorchTrainer : public client::Trainer {
 public:
  std::string description() const override {
    return fmt::format("libtorch {}", TRIBUTARY_TORCH_VERSION);
  }

  Result<std::string> DeviceOf(const std::string& wanted) const override {
    return Guarded([&]() -> Result<std::string> {
      ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(wanted));
      return device.str();
    });
  }

  Result<std::shared_ptr<const client::Model>> Load(const client::ModelRequest& request) override {
    return Guarded([&]() -> Result<std::shared_ptr<const client::Model>> {
      ASSIGN_OR_RETURN(const model::Directory directory, model::OpenDirectory(request.directory));
      ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(request.device));
      ASSIGN_OR_RETURN(Encoder encoder, Encoder::Load(directory, device));
      return std::shared_ptr<const client::Model>(std::make_shared<TorchModel>(std::move(encoder)));
    });
  }
};

}  // namespace

client::Trainer* MakeTorchTrainer() { return new TorchTrainer; }

}  // namespace tributary::train
