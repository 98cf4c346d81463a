-- HS256, exp, uid against a segment of the normalised path. libcrypto's HMAC by ffi: nginx's lua only knows HMAC-SHA1.
local ffi = require "ffi"
local cjson = require "cjson.safe"
local decode_base64url = require("ngx.base64").decode_base64url

pcall(ffi.cdef, [[
  typedef struct evp_md_st EVP_MD;
  const EVP_MD *EVP_sha256(void);
  unsigned char *HMAC(const EVP_MD *md, const void *key, int key_length, const char *data, size_t length,
                      unsigned char *out, unsigned int *out_length);
]])

local secret = assert(os.getenv "PEER_SECRET")

-- The claims of a good token, or nil.
local function verify(token)
  local first = token:find(".", 1, true)
  local second = first and token:find(".", first + 1, true)
  local tag = second and decode_base64url(token:sub(second + 1))
  if not tag or #tag ~= 32 then return nil end
  local expected, length = ffi.new "unsigned char[32]", ffi.new "unsigned int[1]"
  ffi.C.HMAC(ffi.C.EVP_sha256(), secret, #secret, token, second - 1, expected, length)
  if ffi.string(expected, 32) ~= tag then return nil end
  local claims = cjson.decode(decode_base64url(token:sub(first + 1, second - 1)) or "")
  if type(claims) ~= "table" or type(claims.exp) ~= "number" or claims.exp <= ngx.time() then return nil end
  return claims
end

local uri = ngx.var.uri
ngx.req.clear_header "X-User-Id"
if uri == "/health" or uri:match "^/public/" then return end

local field = ngx.var.http_authorization
local token = field and field:sub(1, 7) == "Bearer " and field:sub(8)
local claims = token and verify(token)
if not claims or type(claims.uid) ~= "string" then return ngx.exit(401) end

local owner = uri:match "^/gw/api/v2/([^/]*)" or uri:match "^/gw/api/([^/]*)" or uri:match "^/api/v2/([^/]*)"
  or uri:match "^/api/([^/]*)" or uri:match "^/m/([^/]*)" or uri:match "^/t/([^/]*)" or uri:match "^/svc/([^/]*)"
if owner and owner ~= claims.uid then return ngx.exit(403) end
if os.getenv "PEER_DENY" and not owner and uri ~= "/whoami" and not uri:match "^/search/" then return ngx.exit(404) end
ngx.req.set_header("X-User-Id", claims.uid)
