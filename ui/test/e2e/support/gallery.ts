import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A picture of one pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A host of images, which notes what it is asked for. */
export class Gallery {
  readonly asked: string[] = [];

  private constructor(
    /** Its address without the scheme. */
    readonly host: string,
    readonly server: Server,
  ) {}

  /** @param elsewhere Where it sends who asks for /moved.png. */
  static async open(elsewhere = ""): Promise<Gallery> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const gallery = new Gallery(`127.0.0.1:${port}`, server);
    server.on("request", ({ url }, response) => {
      gallery.asked.push(url!);
      if (url === "/moved.png") response.writeHead(302, { location: elsewhere }).end();
      else if (url === "/gone.png") response.writeHead(404).end();
      else response.writeHead(200, { "content-type": "image/png" }).end(PIXEL);
    });
    return gallery;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
