// Client talk|leave|websocket URL TOKEN: java.net.http, which asks for HTTP/2 by `Upgrade: h2c`. See clients.py.

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

public class Client {
  private final HttpClient client = HttpClient.newHttpClient();
  private final String url;
  private final String token;

  Client(String url, String token) {
    this.url = url;
    this.token = token;
  }

  public static void main(String[] arguments) throws Exception {
    Client client = new Client(arguments[1], arguments[2]);
    switch (arguments[0]) {
      case "talk" -> client.talk();
      case "leave" -> client.leave();
      case "websocket" -> client.websocket();
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    System.in.readAllBytes();
    System.exit(0);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "Bearer " + token);
  }

  private void send(String name, HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
    System.out.printf("[\"%s\", %d, %s]%n", name, answer.statusCode(), answer.body());
  }

  private void talk() throws Exception {
    send("GET", request("/echo"));
    send("POST", request("/echo").POST(BodyPublishers.ofString("hello")));
    send("chunked", request("/echo").POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream("hello".getBytes()))));
    send("expect", request("/echo").expectContinue(true).POST(BodyPublishers.ofString("hello")));
    send("again", request("/echo"));
  }

  private void leave() throws Exception {
    try {
      client.send(request("/polls").timeout(Duration.ofMillis(300)).build(), BodyHandlers.ofString());
    } catch (HttpTimeoutException timeout) {
      System.out.println("[\"left\"]");
    }
  }

  private void websocket() throws Exception {
    CompletableFuture<String> echo = new CompletableFuture<>();
    WebSocket.Listener listener = new WebSocket.Listener() {
      @Override
      public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
        echo.complete(text.toString());
        socket.request(1);
        return null;
      }
    };
    URI address = URI.create(url.replaceFirst("http:", "ws:") + "/websocket");
    WebSocket socket = client.newWebSocketBuilder().header("Authorization", "Bearer " + token).buildAsync(address, listener).join();
    socket.sendText("hello", true).join();
    System.out.printf("[\"websocket\", \"%s\"]%n", echo.get());
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    System.out.println("[\"left\"]");
  }
}
