/*
 * drive.js - what a reader does with a page, done by itself; tests/browser/test_pages.sh puts it
 * behind the page's own script.  Every check that fails is one line; the last line counts them.
 */
(function () {
  "use strict";
  var failed = [], checks = 0;

  function all(selector, from) {
    return Array.prototype.slice.call((from || document).querySelectorAll(selector));
  }
  function check(good, what) {
    checks++;
    if (!good) failed.push(what);
  }

  function sorts(table) {
    var buttons = all("thead button", table), body = table.tBodies[0];
    check(buttons.length > 3, "the head of a sortable table has buttons");
    buttons.forEach(function (button, i) {
      var head = button.parentNode;
      for (var again = 0; again < 2; again++) {
        button.focus();
        check(document.activeElement === button, "the keyboard reaches the head '" + button.textContent + "'");
        button.click();
        var up = head.getAttribute("aria-sort") === "ascending";
        check(up || head.getAttribute("aria-sort") === "descending", "aria-sort is told");
        check(all("[aria-sort]", table).length === 1, "one column is the sorted one");
        var last = null;
        Array.prototype.forEach.call(body.rows, function (row) {
          var cell = row.cells[i], v = cell.getAttribute("data-v");
          v = v === null ? cell.textContent.toLowerCase() : Number(v);
          check(last === null || (up ? last <= v : last >= v),
                "column '" + button.textContent + "' is in order");
          last = v;
        });
      }
    });
  }

  function filters(table) {
    var box = table.parentNode.parentNode.querySelector("input[type=search]");
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var name = rows[rows.length - 1].querySelector("th").textContent;
    function shown() {
      return rows.filter(function (row) { return row.offsetParent !== null; }).length;
    }
    check(box.getAttribute("aria-label"), "the filter has a name");
    box.value = name.toUpperCase();
    box.dispatchEvent(new Event("input"));
    check(shown() >= 1 && rows[rows.length - 1].offsetParent !== null, "the filter finds a VM");
    check(/^[0-9]+ of [0-9]+$/.test(document.querySelector("[role=status]").textContent),
          "the filter says how many it shows");
    box.value = "no such VM \u0000";
    box.dispatchEvent(new Event("input"));
    check(shown() === 0, "what nothing matches shows nothing");
    box.value = "";
    box.dispatchEvent(new Event("input"));
    check(shown() === rows.length, "an empty filter shows all");
  }

  function followsLinks() {
    document.documentElement.style.scrollBehavior = "auto";
    all("a[href^='#']").forEach(function (link) {
      check(document.getElementById(link.getAttribute("href").slice(1)),
            "the link " + link.getAttribute("href") + " leads somewhere");
    });
    all("table.sortable a").slice(0, 3).forEach(function (link) {
      link.focus();
      check(document.activeElement === link, "the keyboard reaches the link of a VM");
      link.click();
      var target = document.getElementById(location.hash.slice(1));
      var box = target ? target.getBoundingClientRect() : { top: -1e9 };
      check(box.top > -5 && box.top < innerHeight, "a VM's link shows its timeline");
      check(target && target.textContent.indexOf(link.querySelector("bdi").textContent) >= 0,
            "it is the timeline of that VM");
    });
    check(all("a[href]").every(function (a) { return a.getAttribute("href")[0] === "#"; }),
          "no link leaves the page");
  }

  function reads() {
    var ids = all("[id]").map(function (e) { return e.id; });
    check(new Set(ids).size === ids.length, "ids are unique");
    check(document.documentElement.lang && document.title, "the page has a language and a title");
    check(all("main").length === 1 && all("h1").length === 1, "one main, one h1");
    all("svg").forEach(function (svg) {
      var names = (svg.getAttribute("aria-labelledby") || "").split(" ");
      check(svg.getAttribute("role") === "img" && names.length === 2 && names.every(function (id) {
        var e = document.getElementById(id);
        return e && e.textContent.trim();
      }), "a chart has a title and a description");
      check(svg.closest("figure") && svg.closest("figure").querySelector("details table"),
            "a chart has its numbers behind it");
    });
    all("table").forEach(function (table) {
      check(table.caption && table.caption.textContent, "a table has a caption");
      check(all("thead th", table).every(function (th) { return th.scope === "col"; }),
            "heads of columns say so");
    });
    check(all("[tabindex]").every(function (e) { return e.tabIndex <= 0; }), "the order of tabs is the page's");
    all("details").forEach(function (d) { d.querySelector("summary").click(); });
    check(document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1,
          "nothing is wider than the page: " + document.documentElement.scrollWidth + " of " +
          document.documentElement.clientWidth);
  }

  addEventListener("load", function () {
    try {
      reads();
      all("table.sortable").forEach(function (table) { sorts(table); filters(table); });
      followsLinks();
      check(performance.getEntriesByType("resource").length === 0, "nothing is requested");
      check(window.pwned === undefined, "no name is executed");
    } catch (e) {
      failed.push("the test stopped: " + e + " " + e.stack);
    }
    window.complaints.forEach(function (text) { failed.push("the console says: " + text); });
    var out = document.createElement("pre");
    out.id = "browser-test";
    out.textContent = failed.concat(["browser test: " + checks + " checks, " + failed.length +
                                     " failed at width " + innerWidth]).join("\n") + "\n";
    document.body.append(out);
  });
})();
