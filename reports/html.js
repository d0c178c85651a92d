/* Sorting and filtering of the table of VMs; the page is whole without it. */
(function () {
  "use strict";
  document.querySelectorAll("table.sortable").forEach(function (table) {
    var body = table.tBodies[0], heads = table.tHead.rows[0].cells;
    var rows = Array.prototype.slice.call(body.rows);
    var tools = document.createElement("div"), box = document.createElement("input");
    var status = document.createElement("span");

    function key(row, i) {
      var cell = row.cells[i], value = cell.getAttribute("data-v");
      return value === null ? cell.textContent.toLowerCase() : Number(value);
    }
    function sort(i) {
      var down = heads[i].getAttribute("aria-sort") === "descending" ? 1 : -1;
      if (!rows.length) return;
      if (typeof key(rows[0], i) === "string")
        down = heads[i].getAttribute("aria-sort") === "ascending" ? -1 : 1;
      Array.prototype.forEach.call(heads, function (h) { h.removeAttribute("aria-sort"); });
      heads[i].setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      rows.sort(function (a, b) {
        var x = key(a, i), y = key(b, i);
        return down * (x < y ? -1 : x > y ? 1 : 0);
      });
      rows.forEach(function (row) { body.appendChild(row); });
    }
    function filter() {
      var word = box.value.toLowerCase(), shown = 0;
      rows.forEach(function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(word) < 0;
        shown += row.hidden ? 0 : 1;
      });
      status.textContent = word ? shown + " of " + rows.length : "";
    }
    Array.prototype.forEach.call(heads, function (head, i) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () { sort(i); });
    });
    tools.className = "tools";
    box.type = "search";
    box.placeholder = "Filter VMs, outcomes, limits";
    box.setAttribute("aria-label", "Filter the table");
    status.setAttribute("role", "status");
    status.className = "note";
    box.addEventListener("input", filter);
    tools.append(box, status);
    table.parentNode.parentNode.insertBefore(tools, table.parentNode);
  });
})();
