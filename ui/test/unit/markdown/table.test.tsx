// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, test, vi } from "vitest";

import { Table } from "../../../src/markdown/table";
import { settled } from "./render";

const place = document.createElement("div");

afterEach(() => {
  render(null, place);
  vi.restoreAllMocks();
});

/** Lay out the two columns with these widths, in a view of 600 px. */
function layOut(...widths: number[]): void {
  const prototype = HTMLElement.prototype;
  vi.spyOn(prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return { width: widths[[...this.parentElement!.children].indexOf(this)] ?? 0 } as DOMRect;
  });
  const total = widths.reduce((sum, width) => sum + width, 0);
  vi.spyOn(prototype, "offsetWidth", "get").mockReturnValue(total);
  vi.spyOn(prototype, "clientWidth", "get").mockReturnValue(600);
}

async function show(rows: number): Promise<HTMLTableElement> {
  const cells = Array.from({ length: rows }, (_, row) => (
    <tr>
      <td>{row}</td>
      <td>{row * row}</td>
    </tr>
  ));
  render(
    <Table rows={rows}>
      <thead>
        <tr>
          <th>n</th>
          <th>square</th>
        </tr>
      </thead>
      <tbody>{cells}</tbody>
    </Table>,
    place,
  );
  await settled();
  return place.querySelector("table")!;
}

const columns = (table: HTMLTableElement) =>
  [...table.querySelectorAll("col")].map((column) => column.style.width);

test("a short table's columns fit what is in them", async () => {
  layOut(150, 450);
  expect(columns(await show(50))).toEqual([]);
});

test("a table that has grown long keeps its columns, whatever comes in later rows", async () => {
  layOut(150, 450);
  await show(50);
  const table = await show(51);
  expect(columns(table)).toEqual(["25.00%", "75.00%"]);
  layOut(500, 100);
  expect(columns(await show(90))).toEqual(["25.00%", "75.00%"]);
  expect(table.querySelectorAll("td")).toHaveLength(180);
});

test("a long table that is wider than the view stays as wide, and scrolls", async () => {
  layOut(400, 500);
  expect((await show(60)).style.minWidth).toBe("900px");
});

test("where nothing is laid out, columns are left to the browser", async () => {
  layOut(0, 0);
  expect(columns(await show(60))).toEqual([]);
});
