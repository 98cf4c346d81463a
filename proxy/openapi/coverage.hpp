#pragma once
// Which rule guards each operation of a service, and where nothing does.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "openapi/document.hpp"
#include "route/rule_table.hpp"

namespace postern::openapi {

enum class Hole : std::uint8_t {
  none,
  unreached,     // no rule matches all of its paths, so some or all of them are 404
  uncompared,    // a parameter that names a user is not the segment that the rule compares
  public_write,  // a public rule, and the operation takes a body
};
std::string_view text_of(Hole hole) noexcept;  // "", "unreached", "uncompared", "public-write"

struct Coverage {
  const Operation* operation = nullptr;
  // The most specific rule that matches every path of the operation; those that match only some of them, such
  // as "/api/me" beside the operation "/api/{user_id}", do not count. Null: none. Owned by the table.
  const route::Rule* rule = nullptr;
  Hole hole = Hole::none;
  // A literal of the operation that the rule compares with the uid, so that hardly anybody gets in; or empty.
  std::string_view compared_literal;
};

std::vector<Coverage> cover(std::span<const Operation> operations, const route::RuleTable& table);

std::size_t holes_in(std::span<const Coverage> coverage) noexcept;

// Whether a parameter of this name names a user: user, owner, account, customer, uid, alone or with id, name,
// key or the like, in any spelling (user_id, ownerId, target-user-uuid).
bool names_a_user(std::string_view parameter);

// Whether the rule matches every path that the operation can have.
bool covers(const route::Rule& rule, const Operation& operation) noexcept;

}  // namespace postern::openapi
