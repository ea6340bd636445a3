using BenchmarkDotNet.Running;

// Without a filter, all of them: nobody is there to answer a menu in a build.
string[] everything = args.Contains("--filter") ? args : [.. args, "--filter", "*"];
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(everything);
bool failed = summaries.Any(one =>
    one.HasCriticalValidationErrors || one.Reports.Any(report => !report.Success));
return failed ? 1 : 0;
