#include "observe/status/page_assets.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

namespace postern::observe {

const std::string_view page_style = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1c2430;--dim:#5a6675;--rule:#dfe3e8;--grid:#e9ecf0;
--good:#1a7f4b;--warn:#8a5a00;--bad:#b3261e;--warn-bg:#fff6df;--bad-bg:#fdecea;--note-bg:#eaf1fb;--fine-bg:#e8f5ed;--focus:#1f5fd0;
--c1:#2f6fd6;--c2:#e07b00;--c3:#b3261e;--c4:#7a4fd0;--c5:#12897b;--c6:#98a2ad}
@media (prefers-color-scheme:dark){:root{--bg:#11151a;--card:#1a2027;--text:#e6eaef;--dim:#9aa7b5;--rule:#2c343e;
--grid:#262e37;--good:#5ccb91;--warn:#f0bf5a;--bad:#ff8f86;--warn-bg:#30280f;--bad-bg:#351a19;--note-bg:#182738;--fine-bg:#16291f;
--focus:#8ab4ff;--c1:#6ea3f7;--c2:#f5a34a;--c3:#ff7d73;--c4:#b195f5;--c5:#4fc7b7;--c6:#7d8894}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1160px;padding:20px;background:var(--bg);color:var(--text);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 14px;margin-bottom:14px}
h1{font-size:22px;margin:0}
h2{font-size:16px;margin:0 0 10px}
.state{font-weight:600}.state.good{color:var(--good)}.state.bad{color:var(--bad)}.state.warn{color:var(--warn)}
.about{color:var(--dim);flex:1}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:4px 14px}
button:hover{border-color:var(--dim)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.findings{list-style:none;margin:0 0 14px;padding:0}
.findings li{border-left:5px solid;border-radius:6px;padding:9px 14px;margin-bottom:8px}
.findings b{display:block}
.error{background:var(--bad-bg);border-color:var(--bad)!important}.error i{color:var(--bad)}
.warning{background:var(--warn-bg);border-color:var(--warn)!important}.warning i{color:var(--warn)}
.note{background:var(--note-bg);border-color:var(--c1)!important}
.fine{background:var(--fine-bg);border-color:var(--good)!important}
.findings i{font-style:normal;font-weight:600;text-transform:uppercase;font-size:12px;letter-spacing:.05em}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:0 0 14px}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
.tiles dt{color:var(--dim);font-size:13px}
.tiles dd{margin:0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:12px;margin-bottom:14px}
figure,section,details{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
section,details{margin-bottom:14px}
figcaption{font-weight:600;margin-bottom:6px}
figure svg{display:block;width:100%}
svg text{fill:var(--dim);font-size:11px}
svg .end{text-anchor:end}
figure svg.key{display:inline-block;width:10px;height:10px;margin-right:6px}
.grid{stroke:var(--grid);stroke-width:1;fill:none}
.fill.c1{fill:var(--c1)}.fill.c2{fill:var(--c2)}.fill.c3{fill:var(--c3)}
.fill.c4{fill:var(--c4)}.fill.c5{fill:var(--c5)}.fill.c6{fill:var(--c6)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;margin:8px 0 0;padding:0;font-size:13px;color:var(--dim)}
.legend b{color:var(--text);font-variant-numeric:tabular-nums}
.scroll{overflow:auto;max-height:430px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--dim);font-weight:600;position:sticky;top:0;background:var(--card)}
th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top}
td.code,code{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,monospace;font-size:13px;overflow-wrap:anywhere}
td.wrap{overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
summary{font-weight:600;cursor:pointer}
details[open] summary{margin-bottom:10px}
.lost{color:var(--bad);font-weight:600}
a{color:var(--focus)}
footer{color:var(--dim);font-size:13px}
)css";

const std::string_view page_script = R"js(
(() => {
  const button = document.getElementById('pause'), lost = document.getElementById('lost');
  let paused = false;
  button.hidden = false;
  button.addEventListener('click', () => {
    paused = !paused;
    button.setAttribute('aria-pressed', paused);
  });
  const refresh = async () => {
    const answer = await fetch(location.href, {cache: 'no-store', signal: AbortSignal.timeout(5000)});
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const fresh of page.querySelectorAll('[data-live]')) {
      const shown = document.getElementById(fresh.id);
      if (shown && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }
  };
  const tick = async () => {
    if (!paused && !document.hidden) {
      try {
        await refresh();
        lost.hidden = true;
      } catch {
        lost.hidden = false;
      }
    }
    setTimeout(tick, 1000);
  };
  setTimeout(tick, 1000);
})();
)js";

namespace {

// 'sha256-...' (CSP3 2.3.1).
std::string hash_source(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return "'sha256-" +
         std::string(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)) + "'";
}

}  // namespace

const std::string& page_policy() {
  static const std::string policy =
      "default-src 'none'; style-src " + hash_source(page_style) + "; script-src " +
      hash_source(page_script) +
      "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'";
  return policy;
}

}  // namespace postern::observe
