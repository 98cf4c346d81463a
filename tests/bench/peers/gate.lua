-- The benchmark's checks for nginx: HS256, exp, uid against the path. libcrypto's HMAC by ffi with one context kept
-- for good, because nginx's lua itself only knows HMAC-SHA1.
local ffi = require "ffi"
local cjson = require "cjson.safe"
local decode_base64url = require("ngx.base64").decode_base64url

pcall(ffi.cdef, [[
  typedef struct hmac_ctx_st HMAC_CTX;
  typedef struct evp_md_st EVP_MD;
  const EVP_MD *EVP_sha256(void);
  HMAC_CTX *HMAC_CTX_new(void);
  int HMAC_Init_ex(HMAC_CTX *ctx, const void *key, int length, const EVP_MD *md, void *engine);
  int HMAC_Update(HMAC_CTX *ctx, const char *data, size_t length);
  int HMAC_Final(HMAC_CTX *ctx, unsigned char *out, unsigned int *length);
  int CRYPTO_memcmp(const void *a, const void *b, size_t length);
]])
local C = ffi.C -- nginx itself is linked with libcrypto

local gate = package.loaded.bench_gate
if not gate then
  local secret = assert(os.getenv "BENCH_SECRET")
  gate = { context = C.HMAC_CTX_new(), tag = ffi.new "unsigned char[32]", length = ffi.new "unsigned int[1]" }
  assert(C.HMAC_Init_ex(gate.context, secret, #secret, C.EVP_sha256(), nil) == 1)
  package.loaded.bench_gate = gate
end

local function answer(status, detail, challenge)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["WWW-Authenticate"] = challenge
  ngx.print('{"detail":"', detail, '"}')
  return ngx.exit(status)
end

-- The claims of a good token, or nil.
local function verify(token)
  local first = token:find(".", 1, true)
  local second = first and token:find(".", first + 1, true)
  local tag = second and decode_base64url(token:sub(second + 1))
  if not tag or #tag ~= 32 then return nil end
  C.HMAC_Init_ex(gate.context, nil, 0, nil, nil)
  C.HMAC_Update(gate.context, token, second - 1)
  C.HMAC_Final(gate.context, gate.tag, gate.length)
  if C.CRYPTO_memcmp(gate.tag, tag, 32) ~= 0 then return nil end
  local claims = cjson.decode(decode_base64url(token:sub(first + 1, second - 1)) or "")
  if type(claims) ~= "table" or type(claims.exp) ~= "number" or claims.exp <= ngx.time() then return nil end
  return claims
end

local field = ngx.var.http_authorization
local token = field and field:sub(1, 7) == "Bearer " and field:sub(8)
if not token then return answer(401, "Not authenticated", "Bearer") end
local claims = verify(token)
if not claims or type(claims.uid) ~= "string" then return answer(401, "Invalid token", 'Bearer error="invalid_token"') end
if ngx.var.uri:match "^/api/([^/]+)" ~= claims.uid then return answer(403, "Forbidden") end
ngx.req.set_header("X-User-Id", claims.uid)
