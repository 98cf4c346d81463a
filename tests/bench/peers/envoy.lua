-- The benchmark's checks behind jwt_authn: uid against the path.
function envoy_on_request(handle)
  local headers = handle:headers()
  local verified = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")
  local claims = verified and verified["claims"]
  local uid = claims and claims["uid"]
  if type(uid) ~= "string" then
    handle:respond({ [":status"] = "401", ["www-authenticate"] = 'Bearer error="invalid_token"' }, '{"detail":"Invalid token"}')
    return
  end
  if headers:get(":path"):match("^/api/([^/?]+)") ~= uid then
    handle:respond({ [":status"] = "403", ["cache-control"] = "no-store" }, '{"detail":"Forbidden"}')
    return
  end
  headers:replace("x-user-id", uid)
end
