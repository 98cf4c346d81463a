#include "relay/request/send_answer.hpp"

#include <array>

namespace postern::relay {

transport::Awaitable<ClientFate> send_answer(ClientConnection& connection, gate::Answer answer,
                                             const Judgement& judgement, observe::AccessRecord& record,
                                             bool must_close) {
  RelayContext& context = connection.context;
  RequestBuffers& buffers = *connection.buffers;
  const bool keep = !must_close && buffers.request.keep_alive &&
                    buffers.request.version == http::Version::http_1_1 && !context.draining();
  gate::AnswerContext about;
  about.head_only = buffers.request.verb == boost::beast::http::verb::head;
  about.keep_alive = keep;
  about.date = context.date.at(record.unix_microseconds / 1'000'000);
  about.request_id = record.request_id;
  about.retry_after = judgement.retry_after;
  about.rate_limit = judgement.user_rate;
  about.origin = http::single_field(
      buffers.request, [](const http::Field& field) { return field.known == http::FieldName::origin; });
  about.cors_origins = &context.settings.cors_origins;
  buffers.to_client.clear();
  gate::write_answer(buffers.to_client, answer, about);

  record.status = gate::status_of(answer);
  record.bytes_out = buffers.to_client.size() - (buffers.to_client.find("\r\n\r\n") + 4);
  connection.wait(Patience::stream);
  std::array<transport::asio::const_buffer, 1> whole = {transport::asio::buffer(buffers.to_client)};
  std::span<transport::asio::const_buffer> pieces(whole);
  transport::error_code error = connection.client.write_now(pieces);
  if (!error && !pieces.empty()) error = co_await connection.client.write_all(pieces);
  if (error) co_return ClientFate::close;
  co_return keep ? ClientFate::keep : ClientFate::linger;
}

}  // namespace postern::relay
