#include "explain/secret_forms.hpp"

#include <algorithm>
#include <vector>

#include "config/keys/secrets.hpp"
#include "config/values/values.hpp"
#include "token/base64url.hpp"
#include "token/signature/hs256.hpp"

namespace postern::explain {
namespace {

using observe::Cause;

struct Form {
  Cause cause;
  std::string secret;
};

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string joined(std::string_view front, std::string_view secret, std::string_view end) {
  return std::string(front).append(secret).append(end);
}

std::string base64url_of(std::string_view bytes) {
  return token::encode_base64url({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string from_base64(std::string_view secret) {
  while (secret.ends_with('=')) secret.remove_suffix(1);
  std::string text(secret);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::string bytes(token::decoded_size(text.size()), '\0');
  bytes.resize(token::decode_base64url(text, bytes).value_or(0));
  return bytes;
}

std::string to_base64(std::string_view secret) {
  std::string text = base64url_of(secret);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return text;
}

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string from_hexadecimal(std::string_view secret) {
  std::string bytes;
  if (secret.size() % 2 != 0) return bytes;
  for (std::size_t i = 0; i < secret.size(); i += 2) {
    const int high = digit_of(secret[i]), low = digit_of(secret[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string to_hexadecimal(std::string_view secret) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 0xF];
  }
  return text;
}

std::string unquoted(std::string_view secret) {
  if (secret.size() < 2 || secret.front() != secret.back()) return {};
  if (secret.front() != '"' && secret.front() != '\'') return {};
  return std::string(secret.substr(1, secret.size() - 2));
}

std::string without_mark(std::string_view secret) {
  if (!secret.starts_with(byte_order_mark)) return {};
  return std::string(secret.substr(byte_order_mark.size()));
}

std::string behind(std::string_view secret, char separator) {
  const std::size_t at = secret.find(separator);
  return at == secret.npos ? "" : std::string(config::trimmed(secret.substr(at + 1)));
}

std::vector<Form> forms_of(std::string_view secret) {
  using enum Cause;
  std::vector<Form> forms;
  forms.push_back({secret_with_space, std::string(config::trimmed(secret))});
  for (const std::string_view end : {"\n", "\r\n", " ", "\r"}) {
    forms.push_back({secret_with_space, joined("", secret, end)});
  }
  forms.push_back({secret_with_space, joined(" ", secret, "")});
  forms.push_back({secret_with_space, without_mark(secret)});
  forms.push_back({secret_with_space, joined(byte_order_mark, secret, "")});
  forms.push_back({secret_in_quotes, unquoted(config::trimmed(secret))});
  forms.push_back({secret_in_quotes, joined("\"", secret, "\"")});
  forms.push_back({secret_in_quotes, joined("'", secret, "'")});
  forms.push_back({secret_decoded, from_base64(secret)});
  forms.push_back({secret_decoded, from_hexadecimal(secret)});
  forms.push_back({secret_encoded, to_base64(secret)});
  forms.push_back({secret_encoded, base64url_of(secret)});
  forms.push_back({secret_encoded, to_hexadecimal(secret)});
  forms.push_back({secret_prefixed, behind(secret, ':')});
  forms.push_back({secret_prefixed, behind(secret, '=')});
  return forms;
}

bool signed_with(std::string_view secret, std::string_view signing_input, std::span<const char> signature) {
  return !secret.empty() && token::Hs256Key(secret).verify(signing_input, signature);
}

}  // namespace

std::optional<Cause> other_form(std::span<const std::string> secrets, std::string_view signing_input,
                                std::span<const char> signature) {
  if (signed_with(config::published_default_secret, signing_input, signature)) return Cause::default_secret;
  std::optional<Cause> found;
  for (const std::string& secret : secrets) {
    for (Form& form : forms_of(secret)) {
      if (!found && signed_with(form.secret, signing_input, signature)) found = form.cause;
      config::wipe(form.secret);
    }
  }
  return found;
}

}  // namespace postern::explain
