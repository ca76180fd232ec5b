// What every component that draws with Plotly shares. Above this text, Python writes PLOTLY_URL.

/** One script element serves every figure of the page; a failed one may be tried again. */
function loadPlotly() {
  globalThis.gptPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(PLOTLY_URL, document.baseURI);
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => {
      script.remove();
      globalThis.gptPlotly = undefined;
      reject(new Error(`${script.src} did not load`));
    };
    document.head.append(script);
  });
  return globalThis.gptPlotly;
}

function colourScheme(element) {
  return getComputedStyle(element).colorScheme === "dark" ? "dark" : "light";
}
