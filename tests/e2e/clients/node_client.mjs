// node_client.mjs talk|leave|websocket URL TOKEN: Node's fetch and WebSocket, which are undici's. See clients.py.
const [action, url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const tell = (...outcome) => console.log(JSON.stringify(outcome));

async function talk() {
  const pieces = new ReadableStream({
    start(controller) {
      for (const piece of ["hel", "lo"]) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const requests = {
    GET: {},
    POST: { method: "POST", body: "hello" },
    chunked: { method: "POST", body: pieces, duplex: "half" },
    again: {},
  };
  for (const [name, options] of Object.entries(requests)) {
    const answer = await fetch(`${url}/echo`, { headers, ...options });
    tell(name, answer.status, await answer.json());
  }
}

async function leave() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  try {
    await fetch(`${url}/polls`, { headers, signal: controller.signal });
  } catch (failure) {
    tell(failure.name === "AbortError" ? "left" : failure.name);
  }
}

function websocket() {
  const socket = new WebSocket(`${url.replace("http:", "ws:")}/websocket`, { headers });
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => {
    tell("websocket", data);
    socket.close();
    tell("left");
  };
  socket.onerror = ({ message }) => tell("failed", message);
}

process.stdin.on("end", () => process.exit()).resume();
await { talk, leave, websocket }[action]();
