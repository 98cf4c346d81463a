-- Requests for wrk from a file with a line for each, `target token` (no token: `-`), sent in turn; a second argument
-- above 0 makes it a POST with a body of that many bytes, a third, `close`, asks once on each connection. The result is
-- one line of JSON.
local requests, last = {}, 0

function init(arguments)
  local size = tonumber(arguments[2]) or 0
  local body = size > 0 and string.rep("x", size) or nil
  for line in io.lines(arguments[1]) do
    local target, token = line:match "^(%S+) (%S+)$"
    local headers = token ~= "-" and { Authorization = "Bearer " .. token } or {}
    headers.Host = wrk.headers.Host
    headers.Connection = arguments[3]
    requests[#requests + 1] = wrk.format(body and "POST" or "GET", target, headers, body)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}',
    summary.requests, summary.duration, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
