#pragma once
// A small, strict reader of the HTML that we write: XML but for the doctype, with style and script
// as raw text.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::report {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;  // as written, entities not resolved
};

struct Document {
  std::vector<std::string> faults;  // empty: well-formed
  std::vector<Element> elements;    // in order of their start tags
  std::string text;                 // all text outside of style and script, entities resolved

  size_t Count(std::string_view name) const;
};

Document ReadHtml(std::string_view html);

}  // namespace tributary::report
