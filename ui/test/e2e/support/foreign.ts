import { once } from "node:events";
import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A server of another origin before the real one, as strict as many are: pages may send it JSON,
 * and no header that isn't everyone's.
 */
export class Foreign {
  private constructor(
    readonly url: string,
    readonly server: Server,
  ) {}

  static async start(backend: string): Promise<Foreign> {
    const server = createServer((request, response) => {
      response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "null");
      response.setHeader("Access-Control-Allow-Headers", "content-type");
      if (request.method === "OPTIONS") return void response.writeHead(204).end();
      const { host: _host, origin: _origin, ...headers } = request.headers;
      const asked = forward(`${backend}${request.url}`, { method: "POST", headers }, (answer) => {
        response.writeHead(answer.statusCode!, { "Content-Type": answer.headers["content-type"]! });
        answer.pipe(response);
      });
      request.pipe(asked);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new Foreign(`http://127.0.0.1:${port}/chatkit`, server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
