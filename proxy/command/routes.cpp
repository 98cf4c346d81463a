#include "command/routes.hpp"

#include <algorithm>
#include <fstream>
#include <istream>
#include <ostream>
#include <variant>

#include "command/fetch_document.hpp"
#include "command/options.hpp"
#include "command/usage.hpp"
#include "config/report.hpp"
#include "config/values/values.hpp"
#include "openapi/listing.hpp"
#include "openapi/suggest.hpp"

namespace postern::command {
namespace {

namespace options = boost::program_options;

struct Request {
  std::string source;  // empty: the upstream's /openapi.json
  RoutesFormat format;
};

// The request, or what is wrong with the arguments.
std::variant<Request, std::string> read_arguments(std::span<const std::string> arguments) {
  Request request;
  options::options_description known;
  auto add = known.add_options();
  add("openapi", options::value(&request.source));
  add("suggest", options::bool_switch(&request.format.suggest));
  add("json", options::bool_switch(&request.format.json));
  if (const auto problem = read_options(arguments, known)) return "routes: " + *problem;
  if (request.format.suggest && request.format.json) return "routes: --suggest and --json exclude each other";
  return request;
}

bool is_fetched(std::string_view source) noexcept {
  return source.empty() || source.starts_with("http://") || source.starts_with("https://");
}

// A byte more than a document may have shows that it has too many.
std::string read_all(std::istream& in) {
  std::string text(openapi::max_document_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

int routes(std::span<const std::string> arguments, const Context& context) {
  const auto parsed = read_arguments(arguments);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return misuse(context, *problem);
  const auto& request = std::get<Request>(parsed);
  config::Outcome outcome = config::read(context.environment, context.host);
  config::print_problems(outcome, context.err);
  if (!outcome.problems.empty()) return misused;
  outcome.config.clear_secrets();
  if (is_fetched(request.source)) {
    const auto fetched = fetch_document(request.source, outcome.config);
    if (const auto* problem = std::get_if<std::string>(&fetched)) {
      context.err << "postern: routes: " << openapi::printable(*problem) << '\n';
      return failed;
    }
    return list_routes(std::get<Document>(fetched).text, outcome.config, request.format, context);
  }
  if (request.source == "-")
    return list_routes(read_all(context.in), outcome.config, request.format, context);
  std::ifstream file(request.source, std::ios::binary);
  if (!file) return misuse(context, "routes: " + config::shown(request.source) + " cannot be read");
  return list_routes(read_all(file), outcome.config, request.format, context);
}

int list_routes(std::string_view document, const config::Config& config, const RoutesFormat& format,
                const Context& context) {
  const auto read = openapi::read_document(document);
  if (const auto* problem = std::get_if<std::string>(&read)) return misuse(context, "routes: " + *problem);
  const auto& operations = std::get<std::vector<openapi::Operation>>(read);
  const route::RuleTable table(config.rules);
  const auto coverage = openapi::cover(operations, table);
  const std::size_t holes = openapi::holes_in(coverage);
  if (format.suggest) {
    const openapi::Suggestion suggestion =
        openapi::suggest(operations, table, config.claims.uid_claims.front());
    context.out << openapi::to_text(suggestion);
    for (const std::string& note : suggestion.notes)
      context.err << "note: " << openapi::printable(note) << '\n';
  } else if (format.json) {
    context.out << openapi::to_json(coverage);
  } else {
    context.out << openapi::to_table(coverage) << operations.size() << " operations, " << holes << " holes\n";
  }
  return holes == 0 ? done : failed;
}

}  // namespace postern::command
