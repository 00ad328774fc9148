import nock from "nock";
import { afterAll, afterEach, beforeAll } from "vitest";

/** For a file whose tests answer requests with nock: none leaves this machine, and those of the next file are its own again. */
export function mockHttp(): void {
  beforeAll(() => {
    if (!nock.isActive()) nock.activate();
    nock.enableNetConnect(/^(127\.0\.0\.1|localhost)(:|$)/);
  });
  afterEach(() => {
    nock.cleanAll();
  });
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });
}
