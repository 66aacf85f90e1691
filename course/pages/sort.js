"use strict";
// Turns the column heads of tables into buttons that sort. Without scripts the heads are text.
{
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

  const keyOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (!numeric) return text;
    return text === "" || isNaN(text) ? "" : Number(text);
  };

  const sort = (table, head) => {
    const numeric = head.classList.contains("number");
    const rising = head.ariaSort !== "ascending";
    const keyed = [...table.tBodies[0].rows].map((row) => [
      keyOf(row, head.cellIndex, numeric), row,
    ]);
    const inOrder = numeric ? (a, b) => a - b : collator.compare;
    keyed.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === ""); // empty cells stay at the end
      return rising ? inOrder(a, b) : inOrder(b, a);
    });
    for (const [, row] of keyed) table.tBodies[0].append(row);
    for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
    head.ariaSort = rising ? "ascending" : "descending";
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }
}
