# Writes OUT, a source that holds files as bytes: cmake -DOUT=x.cc -DFILES="URL|TYPE|PATH;..." -P embed.cmake
# The function that it defines is declared in coordinator/monitor/assets.h.
set(arrays "")
set(rows "")
set(number 0)
foreach(row IN LISTS FILES)
  string(REPLACE "|" ";" row "${row}")
  list(GET row 0 url)
  list(GET row 1 type)
  list(GET row 2 path)
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kFile${number}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${url}\", \"${type}\", {kFile${number}, sizeof(kFile${number}) - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUT}" "// Made by deploy/cmake/embed.cmake.
#include \"coordinator/monitor/assets.h\"

namespace tributary::monitor {
namespace {
${arrays}constexpr Asset kAssets[] = {
${rows}};
}  // namespace

std::span<const Asset> Assets() { return kAssets; }

}  // namespace tributary::monitor
")
