/*---
title.zh = "哪些文件没能检测，原因是什么？"
title.en = "Which files could not be inspected, and why?"
explain.zh = "原因与 assaymark inspect 的相同；数目大的几类值得逐个查看。"
explain.en = "The reasons are those of assaymark inspect; large groups deserve a look."
bar = "files"
[columns]
reason.zh = "原因"
reason.en = "reason"
files.zh = "文件数"
files.en = "files"
example.zh = "其中一个文件"
example.en = "one of them"
---*/
SELECT reason, count(*) AS files, min(name) AS example
FROM outcome
WHERE status = 'refused'
GROUP BY reason
ORDER BY files DESC, reason
