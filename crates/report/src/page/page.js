// Draws each chart when it comes into view, in the colours of the reader's scheme.
(() => {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Map();
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return (role) => style.getPropertyValue("--" + role).trim() || role;
  };
  const painted = (value, colour) => {
    if (typeof value === "string") return value.startsWith("@") ? colour(value.slice(1)) : value;
    if (Array.isArray(value)) return value.map((item) => painted(item, colour));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item, colour)]));
    }
    return value;
  };
  const draw = (box) => {
    const source = box.querySelector("script") || drawn.get(box).source;
    const options = painted(JSON.parse(source.textContent), colours());
    const colour = colours();
    const old = drawn.get(box);
    if (old) old.chart.dispose();
    const chart = echarts.init(box, null, { renderer: "canvas" });
    chart.setOption({
      animation: false, backgroundColor: "transparent",
      textStyle: { color: colour("text"), fontFamily: "inherit" }, ...options,
    });
    drawn.set(box, { chart, source });
  };
  const boxes = [...document.querySelectorAll(".chart")];
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
    }
  }, { rootMargin: "600px" });
  boxes.forEach((box) => watch.observe(box));
  addEventListener("resize", () => drawn.forEach(({ chart }) => chart.resize()));
  addEventListener("beforeprint", () => boxes.forEach((box) => drawn.has(box) || draw(box)));
  scheme.addEventListener("change", () => [...drawn.keys()].forEach(draw));
})();
