// A checkpoint's download against a coordinator that breaks off where the test says.

#include "client/edge/tensor_cache.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <tributary/v1/transfer.grpc.pb.h>

#include "aggregation/strategy/checkpoint.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::edge {
namespace {

Tensor Numbers(int64_t count, float first) {
  Tensor tensor(DType::kF32, {count});
  for (int64_t i = 0; i < count; ++i) tensor.f32()[static_cast<size_t>(i)] = first + float(i);
  return tensor;
}

// Offers one checkpoint; sends `most` bytes of what is asked for and then breaks off.
class Offering : public v1::Transfer::Service {
 public:
  explicit Offering(TensorMap tensors) : tensors_(std::move(tensors)) {}

  grpc::Status Manifest(grpc::ServerContext*, const v1::ManifestRequest*,
                        v1::CheckpointManifest* answer) override {
    for (const auto& [name, tensor] : tensors_) {
      v1::TensorEntry* entry = answer->add_tensors();
      entry->set_name(name);
      entry->set_dtype(std::string(DTypeName(tensor.dtype())));
      for (const int64_t size : tensor.shape()) entry->add_shape(size);
      const Digest digest = strategy::TensorDigest(tensor.view());
      entry->set_digest(digest.bytes.data(), digest.bytes.size());
      entry->set_size(static_cast<int64_t>(tensor.bytes().size()));
    }
    return grpc::Status::OK;
  }

  grpc::Status Fetch(grpc::ServerContext*, const v1::FetchRequest* request,
                     grpc::ServerWriter<v1::Chunk>* out) override {
    std::string whole;
    for (const std::string& wanted : request->digests())
      for (const auto& [name, tensor] : tensors_) {
        const Digest digest = strategy::TensorDigest(tensor.view());
        if (std::memcmp(digest.bytes.data(), wanted.data(), wanted.size()) != 0) continue;
        whole.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
        break;
      }
    if (spoil) whole.back() = static_cast<char>(whole.back() + 1);
    const auto begin = static_cast<size_t>(request->offset());
    const size_t end = begin + std::min<size_t>(whole.size() - begin, most);
    for (size_t at = begin; at < end; at += kPiece) {
      v1::Chunk chunk;
      chunk.set_offset(static_cast<int64_t>(at));
      chunk.set_data(whole.substr(at, std::min(kPiece, end - at)));
      out->Write(chunk);
    }
    return end == whole.size() ? grpc::Status::OK
                               : grpc::Status(grpc::StatusCode::UNAVAILABLE, "broken off");
  }

  std::atomic<size_t> most = SIZE_MAX;
  std::atomic<bool> spoil = false;

 private:
  static constexpr size_t kPiece = 100;
  const TensorMap tensors_;
};

class TensorCacheTest : public testing::Test {
 protected:
  // A coordinator with these tensors in the place of the last one.
  Offering& Offer(TensorMap tensors) {
    channel_.reset();
    server_.reset();
    offering_ = std::make_unique<Offering>(std::move(tensors));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(offering_.get());
    server_ = builder.BuildAndStart();
    rpc::Endpoint endpoint;
    endpoint.address = fmt::format("127.0.0.1:{}", port);
    endpoint.insecure = true;
    endpoint.name = "site-1";
    channel_ = *rpc::Channel::Open(endpoint);
    return *offering_;
  }
  Result<TensorMap> Fetch(int64_t quota = 1 << 20) {
    fetched_ = 0;
    return TensorCache(scratch_.path() / "tensors", quota)
        .Checkpoint(*channel_, {"run-1"}, Sha256("checkpoint"), &fetched_, {});
  }

  ScratchDirectory scratch_;
  std::unique_ptr<Offering> offering_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<rpc::Channel> channel_;
  int64_t fetched_ = 0;
};

TensorMap Three() {
  TensorMap tensors;
  tensors["a"] = Numbers(100, 0);  // 400 bytes
  tensors["b"] = Numbers(200, 7);
  tensors["c"] = Numbers(50, 9);
  return tensors;
}

TEST_F(TensorCacheTest, WhatIsThereIsNotFetchedAgain) {
  Offer(Three());
  EXPECT_EQ(*Fetch(), Three());
  EXPECT_EQ(fetched_, 1400);
  EXPECT_EQ(*Fetch(), Three());
  EXPECT_EQ(fetched_, 0);
}

TEST_F(TensorCacheTest, ABrokenDownloadGoesOnAtTheByteWhereItStopped) {
  Offering& coordinator = Offer(Three());
  for (const size_t most : {350u, 100u, 300u}) {  // within a, to within b, to within b
    coordinator.most = most;
    EXPECT_THAT(Fetch(), Fails(Code::kUnavailable, "broken off"));
    EXPECT_EQ(fetched_, static_cast<int64_t>(most));
  }
  coordinator.most = SIZE_MAX;
  const auto whole = Fetch();
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(*whole, Three());
  EXPECT_EQ(fetched_, 1400 - 750);
}

TEST_F(TensorCacheTest, BytesThatAreNotTheDigestsAreDroppedAndFetchedAnew) {
  Offering& coordinator = Offer(Three());
  coordinator.spoil = true;
  EXPECT_THAT(Fetch(), Fails(Code::kAborted, "c: the fetched bytes are not"));
  coordinator.spoil = false;
  EXPECT_EQ(*Fetch(), Three());
  EXPECT_EQ(fetched_, 200);  // only c
}

TEST_F(TensorCacheTest, RunsDoNotTakeEachOthersTensorsUntilTheQuotaIsUsedUp) {
  TensorMap other;
  other["a"] = Numbers(300, 1);
  Offer(Three());
  EXPECT_TRUE(Fetch().has_value());
  Offer(other);
  EXPECT_TRUE(Fetch().has_value());
  Offer(Three());
  EXPECT_TRUE(Fetch().has_value());
  EXPECT_EQ(fetched_, 0);
  other["a"] = Numbers(300, 2);
  Offer(other);
  EXPECT_TRUE(Fetch(/*quota=*/1200).has_value());
  EXPECT_EQ(fetched_, 1200);
  EXPECT_TRUE(Fetch(/*quota=*/1200).has_value());
  EXPECT_EQ(fetched_, 0);
  Offer(Three());
  EXPECT_TRUE(Fetch().has_value());
  EXPECT_EQ(fetched_, 1400);
}

}  // namespace
}  // namespace tributary::edge
