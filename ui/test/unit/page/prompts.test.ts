// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";

import { notice, prompts } from "../../../src/page/prompts";

const given = document.documentElement.dataset;

afterEach(() => {
  delete given["prompts"];
  delete given["notice"];
});

test("questions of the server begin a chat", () => {
  given["prompts"] = JSON.stringify(["Why?"]);
  expect(prompts()).toEqual([{ label: "Why?", prompt: "Why?" }]);
});

test("what the server has to say stands above them", () => {
  given["notice"] = "No documents in docs/.";
  expect(notice()).toEqual({ greeting: "No documents in docs/." });
});

test("without either, the element's own start screen shows", () => {
  expect(prompts()).toEqual([]);
  expect(notice()).toEqual({});
});
