#include "tests/coordinator/report/well_formed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace tributary::report {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
    {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}}};

class Reader {
 public:
  explicit Reader(std::string_view html) : html_(html) {}

  Document Read() {
    if (!Skip("<!DOCTYPE html>\n")) Fault("no doctype");
    while (at_ < html_.size() && document_.faults.empty()) {
      if (html_[at_] == '<')
        Tag();
      else
        Text();
    }
    if (!open_.empty()) Fault("<" + open_.back() + "> is not closed");
    return std::move(document_);
  }

 private:
  void Fault(std::string what) {
    document_.faults.push_back(fmt::format("{} at byte {}: {}", what, at_, html_.substr(at_, 60)));
  }
  bool Skip(std::string_view expected) {
    if (!html_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  std::string Name() {
    const size_t from = at_;
    while (at_ < html_.size() &&
           (std::isalnum(static_cast<unsigned char>(html_[at_])) || html_[at_] == '-'))
      ++at_;
    if (at_ == from) Fault("a name is missing");
    return std::string(html_.substr(from, at_ - from));
  }
  void Space() {
    while (at_ < html_.size() && (html_[at_] == ' ' || html_[at_] == '\n')) ++at_;
  }

  // Up to `end`; entities are the five of XML.
  std::string Characters(char end) {
    std::string out;
    while (at_ < html_.size() && html_[at_] != end) {
      if (html_[at_] == '<' || html_[at_] == '>') {
        Fault("a bare angle bracket");
        return out;
      }
      if (html_[at_] != '&') {
        out += html_[at_++];
        continue;
      }
      const auto known = std::ranges::find_if(
          kEntities, [&](const auto& e) { return html_.substr(at_).starts_with(e.first); });
      if (known == kEntities.end()) {
        Fault("an unknown entity");
        return out;
      }
      out += known->second;
      at_ += known->first.size();
    }
    return out;
  }
  void Text() { document_.text += Characters('<'); }

  void Tag() {
    if (Skip("</")) {
      const std::string name = Name();
      if (open_.empty() || open_.back() != name)
        Fault("</" + name + "> closes nothing");
      else
        open_.pop_back();
      if (!Skip(">")) Fault("a closing tag does not end");
      return;
    }
    Skip("<");
    Element element{Name(), {}};
    for (Space();
         at_ < html_.size() && html_[at_] != '>' && html_[at_] != '/' && document_.faults.empty();
         Space()) {
      const std::string name = Name();
      if (!Skip("=\"")) return Fault("an attribute without a quoted value");
      const size_t from = at_;
      Characters('"');
      const std::string value(html_.substr(from, at_ - from));
      if (!Skip("\"")) return Fault("a value does not end");
      if (!element.attributes.emplace(name, value).second) Fault("an attribute twice");
      if (name == "id" && !ids_.insert(value).second) Fault("an id twice");
    }
    const bool is_closed = Skip("/>");
    if (!is_closed && !Skip(">")) return Fault("a tag does not end");
    const std::string name = element.name;
    document_.elements.push_back(std::move(element));
    if (is_closed) return;
    open_.push_back(name);
    if (name != "style" && name != "script") return;
    const size_t end = html_.find("</" + name + ">", at_);
    if (end == std::string_view::npos) return Fault("raw text does not end");
    at_ = end;
  }

  std::string_view html_;
  size_t at_ = 0;
  Document document_;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
};

}  // namespace

size_t Document::Count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count(elements, name, &Element::name));
}

Document ReadHtml(std::string_view html) { return Reader(html).Read(); }

}  // namespace tributary::report
