// The page's fonts inside a drawing: as a file it can ask for nothing, and with another font its
// words would be wider or narrower than the places that were measured for them.

const fontFiles = new Map(); // address -> a promise of the font as a data URL

/** An SVG drawing with the upright fonts of the page that it uses. */
async function withFonts(svg) {
  const rules = await Promise.all(fontFaces().filter(([family]) => svg.includes(family)).map(embedded));
  return svg.replace(/<svg[^>]*>/, (opening) => `${opening}<style>${rules.join("")}</style>`);
}

/** Family, weights and address of every upright font that the page's style sheets declare. */
function fontFaces() {
  const faces = [];
  for (const sheet of document.styleSheets) {
    for (const rule of rulesOf(sheet)) {
      if (!(rule instanceof CSSFontFaceRule) || rule.style.fontStyle === "italic") continue;
      const address = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
      const family = rule.style.fontFamily.replaceAll('"', "");
      if (address) faces.push([family, rule.style.fontWeight, new URL(address, sheet.href ?? document.baseURI)]);
    }
  }
  return faces;
}

function rulesOf(sheet) {
  try {
    return [...sheet.cssRules];
  } catch {
    return []; // from elsewhere: not to be read
  }
}

async function embedded([family, weight, { href }]) {
  if (!fontFiles.has(href)) fontFiles.set(href, dataUrl(href));
  try {
    return `@font-face{font-family:"${family}";font-weight:${weight || "normal"};src:url(${await fontFiles.get(href)})}`;
  } catch {
    fontFiles.delete(href); // without it the picture has another font; it may be there next time
    return "";
  }
}

async function dataUrl(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} did not load`);
  const file = await answer.blob();
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(file);
  });
}
