// The header: JSON by a SAX handler, since a DOM silently keeps the last of two equal keys.

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "aggregation/tensor/safetensors.h"

namespace tributary {
namespace {

struct HeaderTensor {
  std::optional<std::string> dtype;
  std::optional<Shape> shape;
  std::optional<std::vector<int64_t>> offsets;
};

// Accepts exactly {name: {"dtype": string, "shape": [ints], "data_offsets": [int, int]}, ...,
// "__metadata__": {string: string}}.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderHandler(const SafetensorsLimits& limits) : limits_(limits) {}

  std::map<std::string, HeaderTensor, std::less<>> tensors;
  Metadata metadata;
  std::string fault;

  bool null() override { return Fail("null is not allowed"); }
  bool boolean(bool) override { return Fail("a boolean is not allowed"); }
  bool number_float(number_float_t, const string_t& text) override {
    return Fail("number " + text + " is not an integer");
  }
  bool binary(binary_t&) override { return Fail("binary data"); }
  bool number_integer(number_integer_t value) override {
    return Fail(fmt::format("negative number {}", value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != 3) return Fail("a number stands where none may");
    if (value > static_cast<uint64_t>(INT64_MAX))
      return Fail(fmt::format("number {} is beyond 2^63", value));
    auto& list = field_ == "shape" ? *tensor_->shape : *tensor_->offsets;
    const size_t most = field_ == "shape" ? limits_.dimensions : 2;
    if (list.size() >= most)
      return Fail(fmt::format("{}: more than {} numbers in {}", name_, most, field_));
    list.push_back(static_cast<int64_t>(value));
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_) {
      if (metadata.size() >= limits_.metadata)
        return Fail(fmt::format("more than {} keys of metadata", limits_.metadata));
      return metadata.emplace(field_, value).second || Fail("duplicate metadata key " + field_);
    }
    if (depth_ == 2 && field_ == "dtype") return tensor_->dtype = value, true;
    return Fail("a string stands where none may");
  }
  bool start_object(size_t) override {
    if (depth_ >= 2) return Fail("objects are nested too deeply");
    if (depth_++ == 0) return true;
    in_metadata_ = name_ == "__metadata__";
    if (!in_metadata_ && tensors.size() >= limits_.tensors)
      return Fail(fmt::format("more than {} tensors", limits_.tensors));
    tensor_ = in_metadata_ ? nullptr : &tensors[name_];
    return true;
  }
  bool key(string_t& key) override {
    if (depth_ == 1) {
      name_ = key;
      return names_.insert(key).second || Fail(fmt::format("duplicate key \"{}\"", key));
    }
    field_ = key;
    if (in_metadata_) return true;
    const bool repeated = key == "dtype"          ? tensor_->dtype.has_value()
                          : key == "shape"        ? tensor_->shape.has_value()
                          : key == "data_offsets" ? tensor_->offsets.has_value()
                                                  : false;
    if (repeated) return Fail(fmt::format("{}: duplicate key \"{}\"", name_, key));
    if (key != "dtype" && key != "shape" && key != "data_offsets")
      return Fail(fmt::format("{}: unknown key \"{}\"", name_, key));
    return true;
  }
  bool end_object() override { return --depth_, true; }
  bool start_array(size_t) override {
    if (depth_ != 2 || in_metadata_ || (field_ != "shape" && field_ != "data_offsets"))
      return Fail("an array stands where none may");
    (field_ == "shape" ? tensor_->shape : tensor_->offsets).emplace();
    return ++depth_, true;
  }
  bool end_array() override { return --depth_, true; }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(fmt::format("header is not JSON (byte {})", position));
  }

 private:
  bool Fail(std::string what) {
    if (fault.empty()) fault = std::move(what);
    return false;
  }
  const SafetensorsLimits& limits_;
  int depth_ = 0;
  bool in_metadata_ = false;
  std::string name_, field_;
  HeaderTensor* tensor_ = nullptr;
  std::set<std::string> names_;
};

Status CheckTensor(const std::string& name, const HeaderTensor& entry, DType dtype,
                   uint64_t data_size) {
  const auto& offsets = *entry.offsets;
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      static_cast<uint64_t>(offsets[1]) > data_size)
    return InvalidArgument("{}: data_offsets {} do not lie within the {} bytes of data", name,
                           FormatShape(offsets), data_size);
  auto count = ElementCount(*entry.shape);
  if (!count) return Annotate(count.error(), name);
  const int64_t expected = *count * static_cast<int64_t>(SizeOf(dtype));
  if (offsets[1] - offsets[0] != expected)
    return InvalidArgument("{}: {} bytes of data, expected {} for {} {}", name,
                           offsets[1] - offsets[0], expected, DTypeName(dtype),
                           FormatShape(*entry.shape));
  return {};
}

Status CheckContiguous(std::vector<std::pair<std::pair<int64_t, int64_t>, std::string>> ranges,
                       uint64_t data_size) {
  std::sort(ranges.begin(), ranges.end());
  int64_t end = 0;
  for (const auto& [range, name] : ranges) {
    if (range.first != end)
      return InvalidArgument("{}: data begins at byte {}, expected {} (tensors {})", name,
                             range.first, end, range.first < end ? "overlap" : "leave a hole");
    end = range.second;
  }
  if (static_cast<uint64_t>(end) != data_size)
    return InvalidArgument("data ends at byte {}, but the file holds {} bytes of data", end,
                           data_size);
  return {};
}

}  // namespace

static_assert(std::is_nothrow_move_constructible_v<Tensor>,
              "views into copies survive a growing vector");

Result<SafetensorsContent> ParseSafetensors(std::span<const std::byte> bytes,
                                            const SafetensorsLimits& limits) {
  if (bytes.size() < 8)
    return InvalidArgument("{} bytes are too few for a safetensors file", bytes.size());
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);  // little-endian, as every supported processor
  if (header_size > limits.header)
    return InvalidArgument("header of {} bytes, at most {} are allowed", header_size,
                           limits.header);
  if (header_size > bytes.size() - 8)
    return InvalidArgument("header of {} bytes, but only {} bytes follow (truncated?)", header_size,
                           bytes.size() - 8);
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, header_size);
  if (!header.starts_with('{')) return InvalidArgument("header does not begin with '{{'");
  if (const size_t zero = header.find('\0');
      zero != header.npos)  // which the JSON reader takes for the end
    return InvalidArgument("header is not JSON (byte {} is zero)", zero);
  HeaderHandler handler(limits);
  if (!nlohmann::json::sax_parse(header, &handler)) return InvalidArgument("{}", handler.fault);
  const auto data = bytes.subspan(8 + header_size);
  SafetensorsContent content;
  content.metadata = std::move(handler.metadata);
  std::vector<std::pair<std::pair<int64_t, int64_t>, std::string>> ranges;
  for (const auto& [name, entry] : handler.tensors) {
    if (!entry.dtype || !entry.shape || !entry.offsets)
      return InvalidArgument("{}: needs dtype, shape and data_offsets", name);
    auto dtype = ParseDType(*entry.dtype);
    if (!dtype) return Annotate(dtype.error(), name);
    RETURN_IF_ERROR(CheckTensor(name, entry, *dtype, data.size()));
    const int64_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
    ranges.push_back({{begin, end}, name});
    TensorView view{*dtype, *entry.shape,
                    data.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))};
    if (reinterpret_cast<uintptr_t>(view.bytes.data()) % SizeOf(*dtype) != 0) {
      content.copies.push_back(Copy(view));
      view.bytes = content.copies.back().view().bytes;
    }
    content.tensors.emplace(name, std::move(view));
  }
  RETURN_IF_ERROR(CheckContiguous(std::move(ranges), data.size()));
  return content;
}

}  // namespace tributary
