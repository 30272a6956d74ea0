// A small Socket.IO 5 client over Engine.IO 4 and WebSocket: what this page needs, no more.

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 5000;

/** One connection to the default namespace, made again whenever it is lost. */
export class Socket {
  #token;
  #ws = null;
  #handlers = new Map();
  #acks = new Map();
  #nextAck = 0;
  #retry = RETRY_MS_MIN;
  #timer = null;
  #deadline = null;
  #patience = 0;
  #wanted = false;

  /** Calls `handler` with the event's arguments; "open" and "lost" are the connection's own. */
  on(event, handler) {
    this.#handlers.set(event, handler);
    return this;
  }

  connect(token) {
    this.#token = token;
    this.#wanted = true;
    this.#retry = RETRY_MS_MIN;
    this.#open();
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    if (this.#ws?.readyState === WebSocket.OPEN) {
      this.#ws.send("41");
    }
    this.#ws?.close();
  }

  /** Resolves with the server's answer; rejects when the connection is lost before it. */
  ask(event, payload) {
    return new Promise((resolve, reject) => {
      if (this.#ws?.readyState !== WebSocket.OPEN) {
        reject(new Error("not connected"));
        return;
      }
      const id = this.#nextAck++;
      this.#acks.set(id, { resolve, reject });
      this.#ws.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  #open() {
    const url = new URL("/socket.io/?EIO=4&transport=websocket", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const ws = new WebSocket(url);
    this.#ws = ws;
    ws.onmessage = (message) => this.#packet(String(message.data));
    ws.onclose = () => {
      if (ws === this.#ws) {
        this.#lost();
      }
    };
  }

  #lost() {
    clearTimeout(this.#deadline);
    for (const { reject } of this.#acks.values()) {
      reject(new Error("connection lost"));
    }
    this.#acks.clear();
    this.#call("lost", [this.#wanted]);
    if (this.#wanted) {
      this.#timer = setTimeout(() => this.#open(), this.#retry * (0.75 + Math.random() / 2));
      this.#retry = Math.min(2 * this.#retry, RETRY_MS_MAX);
    }
  }

  // A server that is silent for longer than its heartbeat allows is gone.
  #expectHeartbeat() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#ws.close(), this.#patience);
  }

  #packet(text) {
    const type = text.slice(0, 1);
    if (type === "0") {
      const { pingInterval, pingTimeout } = JSON.parse(text.slice(1));
      this.#patience = pingInterval + pingTimeout;
      this.#expectHeartbeat();
      this.#ws.send(`40${JSON.stringify({ token: this.#token })}`);
    } else if (type === "2") {
      this.#expectHeartbeat();
      this.#ws.send("3");
    } else if (type === "4") {
      this.#message(text.slice(1));
    }
  }

  #message(text) {
    const [, type, id, body] = /^(\d)(\d*)(.*)$/s.exec(text);
    if (type === "0") {
      this.#retry = RETRY_MS_MIN;
      this.#call("open", []);
    } else if (type === "4") {  // not let in: asking again would not help
      this.#wanted = false;
      this.#call("refused", [JSON.parse(body).message]);
      this.#ws.close();
    } else if (type === "2") {
      const [event, ...args] = JSON.parse(body);
      this.#call(event, args);
    } else if (type === "3") {
      this.#acks.get(Number(id))?.resolve(JSON.parse(body)[0]);
      this.#acks.delete(Number(id));
    }
  }

  #call(event, args) {
    this.#handlers.get(event)?.(...args);
  }
}
