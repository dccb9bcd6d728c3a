#include "coordinator/core/text.h"

#include "aggregation/base/line_form.h"

namespace tributary::coordinator {

static_assert(line_form::kMaxName == kMaxNameBytes);

void Write(std::string& out, PopulationChanged::Kind value) {
  constexpr std::string_view kNames[] = {"enrolled", "connected", "disconnected", "removed"};
  out += kNames[static_cast<size_t>(value)];
}
void Write(std::string& out, OperatorRequest::Kind value) {
  constexpr std::string_view kNames[] = {"start", "pause", "resume", "stop"};
  out += kNames[static_cast<size_t>(value)];
}
void Write(std::string& out, const AcceptedUpdate& update) {
  line_form::Write(out, update.client);
  out += ':';
  line_form::Write(out, update.digest);
  out += ':';
  line_form::Write(out, update.weight);
}

std::string ToText(const Record& record) { return line_form::VariantToText(record); }
std::string ToText(const Event& event) { return line_form::VariantToText(event); }
std::string ToText(const Command& command) { return line_form::VariantToText(command); }

Result<Record> RecordFromText(std::string_view text) {
  return line_form::VariantFromText<Record>(text);
}

std::vector<std::string> ToTexts(std::span<const Record> records) {
  std::vector<std::string> texts;
  for (const Record& record : records) texts.push_back(ToText(record));
  return texts;
}

Result<std::vector<Record>> RecordsFromTexts(std::span<const std::string> texts) {
  std::vector<Record> records;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(Record record, RecordFromText(text));
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace tributary::coordinator
