#include "coordinator/report/page.h"

#include <fmt/format.h>

#include "coordinator/report/style.h"
#include "coordinator/report/svg.h"

namespace tributary::report {

std::string OpenPage(std::string_view title) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\"/>\n";
  return out + fmt::format("<title>{} – Tributary</title>\n<style>{}</style>\n</head>\n<body>\n",
                           Escape(title), kStyle);
}

std::string OpenHeader(std::string_view heading) {
  return fmt::format("<header>\n<p class=\"brand\">{}Tributary</p>\n<h1>{}</h1>\n", kMark,
                     Escape(heading));
}

std::string ClosePage(std::string_view footer) {
  return fmt::format("<footer>{}</footer>\n<script>{}</script>\n</body>\n</html>\n", Escape(footer),
                     kScript);
}

}  // namespace tributary::report
