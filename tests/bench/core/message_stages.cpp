// The way back to the client, and what the log remembers of a request.

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "http/chunk_writer.hpp"
#include "http/forward_response.hpp"
#include "http/message_parser.hpp"
#include "observe/log/format.hpp"
#include "observe/log/record_queue.hpp"
#include "stages.hpp"

using namespace postern;

namespace {

constexpr std::string_view request_id = "0123456789abcdef0123456789abcdef";

// As uvicorn answers behind FastAPI's middleware for CORS.
const std::string response =
    "HTTP/1.1 200 OK\r\n"
    "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "server: uvicorn\r\n"
    "content-length: 225\r\n"
    "content-type: application/json\r\n"
    "cache-control: no-store\r\n"
    "access-control-allow-origin: https://app.example.com\r\n"
    "vary: Origin\r\n\r\n";

const std::string chunked =
    "HTTP/1.1 200 OK\r\n"
    "content-type: text/event-stream\r\n"
    "transfer-encoding: chunked\r\n\r\n";

const std::string first_chunk = "400\r\n" + std::string(1024, 'x');
const std::string chunk = "\r\n" + first_chunk;

class Response {
 public:
  void parse(const std::string& text) {
    parser_.reset();
    head_.clear();
    if (parser_.parse(text, "GET", head_) != http::ParseState::complete) std::abort();
  }

  void write() {
    http::DownstreamResponse to_client;
    to_client.request_id = request_id;
    out_.clear();
    http::write_response_head(out_, head_, to_client);
  }

  // Every piece of it, and the size line that it gets on its way out.
  void relay(std::string_view rest) {
    std::size_t size = 0;
    while (true) {
      const http::BodyStep step = parser_.next(rest);
      rest.remove_prefix(step.consumed);
      if (step.state != http::BodyStep::State::data) break;
      size += step.data.size();
    }
    std::array<char, 20> header;
    if (size != 1024 || http::chunk_header(size, header).size() != 5) std::abort();
  }

 private:
  http::ResponseParser parser_{16384};
  http::ResponseHead head_;
  std::string out_;
};

observe::AccessRecord record_of_a_request() {
  observe::AccessRecord record;
  record.unix_microseconds = 1'767'225'600'123'456;
  record.request_id = request_id;
  record.peer = "192.0.2.1";
  record.method = "GET";
  record.path = "/api/EsmFA7gb0sS0BIxT1ma7W0JUPr6nepSr/tasks";
  record.rule = "/api/{user_id}/**";
  record.verdict = "forward";
  record.reason = "ok";
  record.uid = "EsmFA7gb0sS0BIxT1ma7W0JUPr6nepSr";
  record.status = 200;
  record.bytes_out = 225;
  record.total_microseconds = 912;
  record.upstream_microseconds = 850;
  return record;
}

// On the log's thread.
void write_line() {
  const auto queue = std::make_unique<observe::RecordQueue>();
  observe::AccessRecord record;
  std::string storage;
  std::array<char, 4096> room;
  std::size_t size = 0;
  count([&](int) { queue->push(record_of_a_request()); },
        [&] {
          if (queue->pop(record, storage)) size = observe::write_access(room, record, observe::Format::json);
        });
  if (size == 0) std::abort();
}

}  // namespace

Stages message_stages() {
  return {
      {"response",
       [] {
         Response from_upstream;
         count([](int) {}, [&] { from_upstream.parse(response); });
       }},
      {"response-out",
       [] {
         Response from_upstream;
         count([&](int) { from_upstream.parse(response); }, [&] { from_upstream.write(); });
       }},
      {"chunk",
       [] {
         Response from_upstream;
         from_upstream.parse(chunked);
         from_upstream.relay(first_chunk);
         count([](int) {}, [&] { from_upstream.relay(chunk); });
       }},
      {"record",
       [] {
         const auto queue = std::make_unique<observe::RecordQueue>();
         const observe::AccessRecord record = record_of_a_request();
         count([](int) {}, [&] { queue->push(record); });
       }},
      {"record-line", write_line},
  };
}
