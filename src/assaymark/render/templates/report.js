// Comfort only: everything on the page can be read without this.
"use strict";
(function () {
  var root = document.documentElement;
  var cards = Array.prototype.slice.call(document.querySelectorAll(".card"));
  var form = document.getElementById("filters");

  function language() {
    return document.getElementById("lang-zh").checked ? "zh" : "en";
  }

  function speak() {
    var tag = language();
    root.lang = tag === "zh" ? "zh-Hans" : "en";
    document.querySelectorAll("option[data-zh]").forEach(function (option) {
      option.textContent = option.getAttribute("data-" + tag);
    });
  }

  function has(card, name, wanted) {
    return !wanted || card.getAttribute("data-" + name).split(" ").indexOf(wanted) >= 0;
  }

  function filter() {
    var shown = 0;
    cards.forEach(function (card) {
      var keep = ["owner", "clause", "status"].every(function (name) {
        return has(card, name, form.elements[name].value);
      });
      card.hidden = !keep;
      shown += keep ? 1 : 0;
    });
    document.querySelectorAll("#shown .n").forEach(function (place) {
      place.textContent = String(shown);
    });
  }

  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var up = target; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
    }
    if (target) target.scrollIntoView();
  }

  document.querySelectorAll("input[name=lang]").forEach(function (input) {
    input.addEventListener("change", speak);
  });
  addEventListener("hashchange", reveal);

  // A printed page has no one to open its parts.
  var closed = [];
  addEventListener("beforeprint", function () {
    closed = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    closed.forEach(function (one) { one.open = true; });
  });
  addEventListener("afterprint", function () {
    closed.forEach(function (one) { one.open = false; });
  });

  if (form) {
    form.hidden = false;
    form.addEventListener("change", filter);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    filter();
  }
  speak();
  reveal();
})();
