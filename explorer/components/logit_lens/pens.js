// The same drawing on a canvas and as SVG: rectangles, words and curves.

function canvasPen(context, font) {
  return {
    rectangle(x, y, width, height, { fill, stroke, thickness = 1, radius = 3, dash = [] }) {
      context.beginPath();
      context.roundRect(x, y, width, height, radius);
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      if (stroke) {
        context.setLineDash(dash);
        context.strokeStyle = stroke;
        context.lineWidth = thickness;
        context.stroke();
        context.setLineDash([]);
      }
    },
    word(text, x, y, { fill, size, anchor = "middle", weight = 500 }) {
      context.font = `${weight} ${size}px ${font}`;
      context.fillStyle = fill;
      context.textAlign = { start: "left", middle: "center", end: "right" }[anchor];
      context.textBaseline = "middle";
      context.fillText(text, x, y);
    },
    curve(points, { stroke, thickness, opacity = 1 }) {
      const [[x0, y0], [x1, y1]] = points;
      const middle = (y0 + y1) / 2;
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(x0, middle, x1, middle, x1, y1);
      context.globalAlpha = opacity;
      context.strokeStyle = stroke;
      context.lineWidth = thickness;
      context.stroke();
      context.globalAlpha = 1;
    },
  };
}

function svgPen(font) {
  const parts = [];
  return {
    rectangle(x, y, width, height, { fill = "none", stroke = "none", thickness = 1, radius = 3 }) {
      parts.push(
        `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="${thickness}"/>`,
      );
    },
    word(text, x, y, { fill, size, anchor = "middle", weight = 500 }) {
      parts.push(
        `<text x="${x}" y="${y}" fill="${fill}" font-family="${escaped(font)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" dominant-baseline="central">${escaped(text)}</text>`,
      );
    },
    curve([[x0, y0], [x1, y1]], { stroke, thickness, opacity = 1 }) {
      const middle = (y0 + y1) / 2;
      parts.push(
        `<path d="M${x0} ${y0}C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}" fill="none" stroke="${stroke}" stroke-width="${thickness}" stroke-opacity="${opacity}"/>`,
      );
    },
    drawing: (width, height) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${parts.join("")}</svg>`,
  };
}
