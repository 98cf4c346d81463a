-- Behind jwt_authn: the uid against a segment of the path.
function envoy_on_request(handle)
  local headers = handle:headers()
  headers:remove("x-user-id")
  local path = headers:get(":path"):match("^[^?]*")
  if path == "/health" or path:match("^/public/") then return end

  local verified = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")
  local claims = verified and verified["claims"]
  if not claims or type(claims["uid"]) ~= "string" then
    handle:respond({[":status"] = "401"}, "")
    return
  end
  local owner = path:match("^/gw/api/v2/([^/]*)") or path:match("^/gw/api/([^/]*)") or path:match("^/api/v2/([^/]*)")
    or path:match("^/api/([^/]*)") or path:match("^/m/([^/]*)") or path:match("^/t/([^/]*)") or path:match("^/svc/([^/]*)")
  if owner and owner ~= claims["uid"] then
    handle:respond({[":status"] = "403"}, "")
    return
  end
  headers:add("x-user-id", claims["uid"])
end
