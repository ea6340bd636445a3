using BenchmarkDotNet.Running;

// Without a filter, all of them: nobody is there to answer a menu in a build.
string[] everything = args.Contains("--filter") ? args : [.. args, "--filter", "*"];
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(everything);
return summaries.Any(one => one.HasCriticalValidationErrors || one.Reports.Any(report => !report.Success)) ? 1 : 0;
