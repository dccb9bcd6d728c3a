#pragma once
// One line of text for a record, event or command: "client_ended sequence=3 client=a reason=late".
// The journal holds records in this form, so it can be read, compared and hashed as it is.
// Grammar: name, then every field once in its declared order, separated by one space. Bytes of
// names other than letters, digits and _ . - are written %XX; lists are separated by commas,
// parts of an element by colons; numbers are the shortest that read back the same; times are
// microseconds.

#include <span>
#include <string>
#include <string_view>

#include "coordinator/core/event.h"
#include "coordinator/core/ready.h"

namespace tributary::coordinator {

std::string ToText(const Record& record);
std::string ToText(const Event& event);
std::string ToText(const Command& command);

std::vector<std::string> ToTexts(std::span<const Record> records);

// Total: any text gives a record or InvalidArgument, which names the field. Whether the record may
// stand where it stands is for State::Apply to say.
Result<Record> RecordFromText(std::string_view text);
Result<std::vector<Record>> RecordsFromTexts(std::span<const std::string> texts);

}  // namespace tributary::coordinator
