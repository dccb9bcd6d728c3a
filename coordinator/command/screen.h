#pragma once
// The terminal on standard output, as a picture that is drawn again and again. The lines that were
// there before come back when the object goes.

#include <string>
#include <vector>

namespace tributary {

class Screen {
 public:
  // Whether standard output is a terminal that can be drawn on.
  static bool IsThere();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;

  size_t width() const { return width_; }
  bool colour() const { return colour_; }  // not with NO_COLOR
  bool utf8() const { return utf8_; }
  // Looks at the terminal's size; true if it is another one.
  bool Resized();
  // As many of the lines as there is room for.
  void Draw(const std::vector<std::string>& lines);

 private:
  size_t width_ = 80, height_ = 24;
  const bool colour_, utf8_;
};

}  // namespace tributary
