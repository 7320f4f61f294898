/*---
title.zh = "有多少应用存在没有看到的部分，原因是什么？"
title.en = "How many apps have parts that were not seen, and why?"
explain.zh = "没有看到不等于没有。加固、原生代码、反射等都会留下这样的记录。"
explain.en = "Not seen does not mean not there. Packed code, native code, reflection and others leave such records."
bar = "apps"
[columns]
kind.zh = "种类"
kind.en = "kind"
apps.zh = "应用数"
apps.en = "apps"
total.zh = "其中整表被遮住的应用数"
total.en = "apps in which it hides everything of a table"
---*/
SELECT kind, count(DISTINCT app) AS apps, count(DISTINCT app) FILTER (WHERE weight = 'total') AS total
FROM gap
GROUP BY kind
ORDER BY apps DESC, kind
