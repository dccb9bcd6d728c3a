// Walks a value's fields beside the generated message's, by name, through protobuf's reflection: a
// new message is a struct, a .proto entry and a line at the end of this file.
#include "proto/convert.h"

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <cctype>
#include <cmath>
#include <memory>

#include <tributary/v1/admin.pb.h>
#include <tributary/v1/identity.pb.h>
#include <tributary/v1/session.pb.h>
#include <tributary/v1/transfer.pb.h>

namespace tributary::proto {
namespace {

using google::protobuf::FieldDescriptor;
using Wire = google::protobuf::Message;

std::unique_ptr<Wire> NewWire(std::string_view name) {
  // Naming a message of each file keeps the linker from leaving the generated code out.
  static const void* const linked[] = {v1::Submission::descriptor(), v1::Hello::descriptor(),
                                       v1::Chunk::descriptor(), v1::Metric::descriptor(),
                                       v1::IssuedChain::descriptor()};
  // What a peer sends must not write into our log by itself; we answer and count it.
  static const auto quiet = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(linked), static_cast<void>(quiet);
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      "tributary.v1." + std::string(name));
  TRIBUTARY_CHECK(type != nullptr, "every struct of message.h has its message");
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  return std::unique_ptr<Wire>(factory->GetPrototype(type)->New());
}

// One field of a wire message, or one element of a repeated field.
struct Place {
  Wire* wire;
  const FieldDescriptor* field;
  int index = -1;  // an element's, once it is there

  const google::protobuf::Reflection& Of() const { return *wire->GetReflection(); }
  bool IsElement() const { return field->is_repeated(); }
  tl::unexpected<Error> Bad(std::string_view what) const {
    return InvalidArgument("{}: {}", field->full_name(), what);
  }
};

Place FieldOf(Wire& wire, std::string_view name) {
  const auto* field = wire.GetDescriptor()->FindFieldByName(std::string(name));
  TRIBUTARY_CHECK(field != nullptr, "every field of message.h has its field");
  return {&wire, field};
}

// --- scalars ---

void PutString(const Place& at, std::string value) {
  if (at.IsElement()) return at.Of().AddString(at.wire, at.field, std::move(value));
  at.Of().SetString(at.wire, at.field, std::move(value));
}
const std::string& TakeString(const Place& at, std::string& buffer) {
  if (at.IsElement())
    return at.Of().GetRepeatedStringReference(*at.wire, at.field, at.index, &buffer);
  return at.Of().GetStringReference(*at.wire, at.field, &buffer);
}
Status TakeText(const Place& at, size_t limit, bool is_line, std::string& value) {
  std::string buffer;
  const std::string& found = TakeString(at, buffer);
  if (found.size() > limit)
    return at.Bad(fmt::format("{} bytes, at most {} are allowed", found.size(), limit));
  for (const char c : found) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_control = byte < 0x20 || byte == 0x7f;
    if (is_control && (is_line || (c != '\n' && c != '\t' && c != '\r')))
      return at.Bad("a control character");
  }
  value = found;
  return {};
}

void Put(const Place& at, int64_t value) {
  if (at.IsElement()) return at.Of().AddInt64(at.wire, at.field, value);
  at.Of().SetInt64(at.wire, at.field, value);
}
Status Take(const Place& at, int64_t& value) {
  value = at.IsElement() ? at.Of().GetRepeatedInt64(*at.wire, at.field, at.index)
                         : at.Of().GetInt64(*at.wire, at.field);
  return {};
}
void Put(const Place& at, double value) { at.Of().SetDouble(at.wire, at.field, value); }
Status Take(const Place& at, double& value) {
  value = at.Of().GetDouble(*at.wire, at.field);
  return std::isfinite(value) ? Status() : at.Bad("is not finite");
}
void Put(const Place& at, bool value) { at.Of().SetBool(at.wire, at.field, value); }
Status Take(const Place& at, bool& value) {
  value = at.Of().GetBool(*at.wire, at.field);
  return {};
}
void Put(const Place& at, const std::string& value) { PutString(at, value); }
Status Take(const Place& at, std::string& value) { return TakeText(at, kMaxText, true, value); }
void Put(const Place& at, const Text& value) { PutString(at, value.value); }
Status Take(const Place& at, Text& value) { return TakeText(at, kMaxDocument, false, value.value); }
void Put(const Place& at, const Bytes& value) { PutString(at, value.value); }
Status Take(const Place& at, Bytes& value) {
  std::string buffer;
  value.value = TakeString(at, buffer);
  if (value.value.size() <= kMaxChunk) return {};
  return at.Bad(fmt::format("{} bytes, at most {} are allowed", value.value.size(), kMaxChunk));
}
void Put(const Place& at, const Digest& value) {
  PutString(at, std::string(value.bytes.begin(), value.bytes.end()));
}
Status Take(const Place& at, Digest& value) {
  std::string buffer;
  const std::string& found = TakeString(at, buffer);
  if (found.size() != value.bytes.size())
    return at.Bad(fmt::format("{} bytes, a digest has {}", found.size(), value.bytes.size()));
  std::copy(found.begin(), found.end(), value.bytes.begin());
  return {};
}
void Put(const Place& at, TimePoint value) { Put(at, int64_t{value.since_epoch.count()}); }
Status Take(const Place& at, TimePoint& value) {
  int64_t count = 0;
  RETURN_IF_ERROR(Take(at, count));
  value = TimePoint{Duration(count)};
  return {};
}
void Put(const Place& at, Duration value) { Put(at, int64_t{value.count()}); }
Status Take(const Place& at, Duration& value) {
  int64_t count = 0;
  RETURN_IF_ERROR(Take(at, count));
  value = Duration(count);
  return {};
}
template <typename Tag>
void Put(const Place& at, const StrongId<Tag, std::string>& value) {
  PutString(at, value.value);
}
template <typename Tag>
Status Take(const Place& at, StrongId<Tag, std::string>& value) {
  return TakeText(at, kMaxText, true, value.value);
}

// --- enumerations: REASON_LATE on the wire, "late" in the domain ---

void PutEnum(const Place& at, std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto* type = at.field->enum_type();
  const auto* value = type->FindValueByName(
      std::string(type->name() == "Reason" ? "REASON_" : "TASK_KIND_") + name);
  TRIBUTARY_CHECK(value != nullptr, "every enumerator has its number on the wire");
  at.Of().SetEnum(at.wire, at.field, value);
}
std::string TakeEnum(const Place& at) {
  const auto* type = at.field->enum_type();
  const auto* value = type->FindValueByNumber(at.Of().GetEnumValue(*at.wire, at.field));
  if (value == nullptr) return "";
  std::string name = value->name().substr(type->name() == "Reason" ? 7 : 10);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}
void Put(const Place& at, Reason value) { PutEnum(at, std::string(Name(value))); }
Status Take(const Place& at, Reason& value) {
  const auto found = ReasonFromName(TakeEnum(at));
  if (!found) return at.Bad("is no reason that is known");
  value = *found;
  return {};
}
void Put(const Place& at, TaskKind value) { PutEnum(at, std::string(Name(value))); }
Status Take(const Place& at, TaskKind& value) {
  const auto found = TaskKindFromName(TakeEnum(at));
  if (!found) return at.Bad("is no task kind that is known");
  value = *found;
  return {};
}

// --- messages ---

template <typename Message>
void PutFields(Wire& wire, const Message& message);
template <typename Message>
Status TakeFields(Wire& wire, Message& message);

template <typename Message>
concept IsMessage = requires(Message m) {
  Message::Fields(m, [](std::string_view, auto&) {});
};

template <IsMessage Message>
void Put(const Place& at, const Message& value) {
  Wire* inner = at.IsElement() ? at.Of().AddMessage(at.wire, at.field)
                               : at.Of().MutableMessage(at.wire, at.field);
  PutFields(*inner, value);
}
template <IsMessage Message>
Status Take(const Place& at, Message& value) {
  if (at.IsElement())
    return TakeFields(*at.Of().MutableRepeatedMessage(at.wire, at.field, at.index), value);
  if (!at.Of().HasField(*at.wire, at.field)) return at.Bad("is missing");
  return TakeFields(*at.Of().MutableMessage(at.wire, at.field), value);
}

template <typename Item>
void Put(const Place& at, const std::vector<Item>& list) {
  for (const Item& item : list) Put(at, item);
}
template <typename Item>
Status Take(const Place& at, std::vector<Item>& list) {
  const int size = at.Of().FieldSize(*at.wire, at.field);
  if (static_cast<size_t>(size) > kMaxList)
    return at.Bad(fmt::format("{} entries, at most {} are allowed", size, kMaxList));
  list.resize(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i)
    RETURN_IF_ERROR(Take(Place{at.wire, at.field, i}, list[static_cast<size_t>(i)]));
  return {};
}

// A oneof is named "body"; its fields are in the order of the variant's alternatives.
template <typename... Bodies>
void PutBody(Wire& wire, const std::variant<Bodies...>& body) {
  const auto* oneof = wire.GetDescriptor()->FindOneofByName("body");
  const Place at{&wire, oneof->field(static_cast<int>(body.index()))};
  std::visit([&](const auto& value) { Put(at, value); }, body);
}
template <typename... Bodies>
Status TakeBody(Wire& wire, std::variant<Bodies...>& body) {
  const auto* oneof = wire.GetDescriptor()->FindOneofByName("body");
  const auto* field = wire.GetReflection()->GetOneofFieldDescriptor(wire, oneof);
  if (field == nullptr)
    return InvalidArgument("{}: says nothing that is known", wire.GetDescriptor()->full_name());
  Status status;
  int index = 0;
  const auto take = [&]<typename Body>(std::type_identity<Body>) {
    if (index++ != field->index_in_oneof()) return;
    status = Take(Place{&wire, field}, body.template emplace<Body>());
  };
  (take(std::type_identity<Bodies>{}), ...);
  return status;
}

template <typename Message>
void PutFields(Wire& wire, const Message& message) {
  Message::Fields(message, [&](std::string_view name, const auto& value) {
    if constexpr (requires { value.valueless_by_exception(); })
      PutBody(wire, value);
    else
      Put(FieldOf(wire, name), value);
  });
}
template <typename Message>
Status TakeFields(Wire& wire, Message& message) {
  Status status;
  Message::Fields(message, [&](std::string_view name, auto& value) {
    if (!status) return;
    if constexpr (requires { value.valueless_by_exception(); })
      status = TakeBody(wire, value);
    else
      status = Take(FieldOf(wire, name), value);
  });
  return status;
}

// --- chunks, as Encode has them ---

constexpr char kUploadChunk = 0x12, kChunkOffset = 0x08, kChunkData = 0x12;  // fields 2, 1 and 2

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
std::optional<uint64_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string BareChunkHead(int64_t offset, size_t size) {
  std::string head;
  if (offset != 0) head += kChunkOffset, PutVarint(head, static_cast<uint64_t>(offset));
  head += kChunkData;
  PutVarint(head, size);
  return head;
}

std::string ChunkHead(int64_t offset, size_t size) {
  const std::string inner = BareChunkHead(offset, size);
  std::string head(1, kUploadChunk);
  PutVarint(head, inner.size() + size);
  return head + inner;
}

std::optional<FoundChunk> FindChunk(std::string_view first, size_t size) {
  std::string_view rest = first;
  const auto skip = [&](char tag) {
    const bool is_there = !rest.empty() && rest.front() == tag;
    if (is_there) rest.remove_prefix(1);
    return is_there;
  };
  if (!skip(kUploadChunk) || !TakeVarint(rest)) return std::nullopt;
  FoundChunk found;
  if (skip(kChunkOffset)) {
    const auto offset = TakeVarint(rest);
    if (!offset) return std::nullopt;
    found.offset = static_cast<int64_t>(*offset);
  }
  if (!skip(kChunkData)) return std::nullopt;
  const auto data = TakeVarint(rest);
  if (!data || *data == 0 || *data > kMaxChunk) return std::nullopt;
  found.begin = first.size() - rest.size();
  const bool is_all = size == found.begin + *data;
  const bool is_plain = is_all && first.starts_with(ChunkHead(found.offset, *data));
  return is_plain ? std::optional(found) : std::nullopt;
}

template <typename Message>
std::string Encode(const Message& message) {
  const std::unique_ptr<Wire> wire = NewWire(Message::kName);
  PutFields(*wire, message);
  return wire->SerializeAsString();
}

template <typename Message>
Result<Message> Decode(std::string_view bytes) {
  if (bytes.size() > kMaxMessage)
    return InvalidArgument("{}: {} bytes, at most {} are allowed", Message::kName, bytes.size(),
                           kMaxMessage);
  const std::unique_ptr<Wire> wire = NewWire(Message::kName);
  if (!wire->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return InvalidArgument("{}: {} bytes that are no such message", Message::kName, bytes.size());
  Message message;
  RETURN_IF_ERROR(TakeFields(*wire, message));
  return message;
}

#define TRIBUTARY_MESSAGE(M)             \
  template std::string Encode(const M&); \
  template Result<M> Decode(std::string_view);
TRIBUTARY_MESSAGES(TRIBUTARY_MESSAGE)

}  // namespace tributary::proto
