#pragma once
// What callgrind counts, by the name of a stage.

#include <valgrind/callgrind.h>

#include <functional>
#include <map>
#include <string_view>

using Stages = std::map<std::string_view, std::function<void()>>;

Stages token_stages();
Stages message_stages();

// Counts `stage` alone; `before` makes everything ready, and both run once uncounted.
template <class Before, class Stage>
void count(Before before, Stage stage) {
  before(0);
  stage();
  before(1);
  CALLGRIND_TOGGLE_COLLECT;
  stage();
  CALLGRIND_TOGGLE_COLLECT;
}
